import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a service on a laptop keeps between its runs. */
export interface DataFolder {
  path: string;
  postgres: string;
  databaseUrlFile: string;
  tokenKeys: string;
  adminCredentials: string;
  admin: { username: string; password: string };
}

const keyFile = '1.pem';

/** Makes what is not there yet: a key that signs tokens, a first admin with a password of its own. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = {
    path,
    postgres: join(path, 'postgres'),
    databaseUrlFile: join(path, 'database-url'),
    tokenKeys: join(path, 'token-keys'),
    adminCredentials: join(path, 'first-admin'),
  };
  // Others may pass through, as the database of root must, but not look.
  await mkdir(path, { recursive: true, mode: 0o711 });
  for (const secret of [folder.tokenKeys, folder.adminCredentials])
    await mkdir(secret, { recursive: true, mode: 0o700 });
  if ((await readdir(folder.tokenKeys)).length === 0) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(folder.tokenKeys, keyFile), pem, { mode: 0o600 });
  }
  const username = await kept(join(folder.adminCredentials, 'username'), () => 'admin');
  const password = await kept(join(folder.adminCredentials, 'password'), () =>
    randomBytes(12).toString('base64url'),
  );
  return { ...folder, admin: { username, password } };
}

/** The file's line; written first where it is not there. */
async function kept(path: string, make: () => string): Promise<string> {
  try {
    await writeFile(path, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}

/** Writes a file that nobody else may read, in place of what was there. */
export async function writeSecret(path: string, content: string): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, `${content}\n`, { mode: 0o600 });
}
