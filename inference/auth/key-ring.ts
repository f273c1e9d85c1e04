import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StepError } from '@shelfwise/trainer-contract/messages';

interface KeyPair {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** Keys that sign and verify the tokens of our own accounts, from files `<kid>.pem`. */
export interface KeyRing {
  /** The newest by name. */
  signer(): KeyPair;
  /** The key to verify with; undefined for a kid that is not (or no longer) in the folder. */
  publicKey(kid: string): KeyObject | undefined;
  /** Reads the folder again: keys are rotated while the service runs. On error the old keys stay. */
  reload(): Promise<void>;
}

const suffix = '.pem';

/** Reads every `<kid>.pem` of a folder. Throws BadConfiguration naming the file that is no ES256 private key. */
export async function openKeyRing(dir: string): Promise<KeyRing> {
  let pairs = await readKeys(dir);
  return {
    signer: () => pairs.at(-1) as KeyPair,
    publicKey: (kid) => pairs.find((pair) => pair.kid === kid)?.publicKey,
    async reload() {
      pairs = await readKeys(dir);
    },
  };
}

async function readKeys(dir: string): Promise<KeyPair[]> {
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
  return { kid: file.slice(0, -suffix.length), privateKey, publicKey: createPublicKey(privateKey) };
}
