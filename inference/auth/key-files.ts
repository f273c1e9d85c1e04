import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StepError } from '@shelfwise/trainer-contract/messages';

export interface KeyPair {
  kid: string;
  /** SHA-256 of the public key, hex. */
  thumbprint: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

const suffix = '.pem';

/** Every `<kid>.pem` of a folder, by name. Throws BadConfiguration naming the file that is no ES256 private key. */
export async function readKeys(dir: string): Promise<KeyPair[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    throw new StepError(
      'BadConfiguration',
      `The folder of token keys ${dir} (TOKEN_KEYS_DIR) cannot be read.`,
      { cause },
    );
  }
  const files = names.filter((name) => name.endsWith(suffix) && !name.startsWith('.')).sort();
  if (files.length === 0) {
    const way =
      'put an ES256 private key there as <kid>.pem (openssl ecparam -name prime256v1 -genkey -noout).';
    throw new StepError(
      'BadConfiguration',
      `The folder of token keys ${dir} (TOKEN_KEYS_DIR) holds no .pem file: ${way}`,
    );
  }
  return Promise.all(files.map((file) => readKey(dir, file)));
}

async function readKey(dir: string, file: string): Promise<KeyPair> {
  const path = join(dir, file);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(await readFile(path));
  } catch (cause) {
    throw new StepError('BadConfiguration', `The token key ${path} is no private key in PEM.`, {
      cause,
    });
  }
  const curve = privateKey.asymmetricKeyDetails?.namedCurve;
  if (privateKey.asymmetricKeyType !== 'ec' || curve !== 'prime256v1') {
    const seen = [privateKey.asymmetricKeyType, curve].filter(Boolean).join(' ');
    throw new StepError(
      'BadConfiguration',
      `The token key ${path} is ${seen}, but ES256 needs an EC key on prime256v1.`,
    );
  }
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const thumbprint = createHash('sha256').update(spki).digest('hex');
  return { kid: file.slice(0, -suffix.length), thumbprint, privateKey, publicKey };
}
