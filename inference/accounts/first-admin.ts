import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newUserSchema } from '@shelfwise/inference-contract';
import { StepError } from '@shelfwise/trainer-contract/messages';
import type { Knex } from 'knex';
import type { Passwords } from './passwords.ts';
import { addUser, hasAdmin, UserExistsError } from './users.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** The files `username` and `password` of a mounted Secret. Throws BadConfiguration naming the file. */
export async function readCredentials(dir: string): Promise<Credentials> {
  const [username, password] = await Promise.all([
    readLine(dir, 'username'),
    readLine(dir, 'password'),
  ]);
  const parsed = newUserSchema.safeParse({ username, password });
  if (parsed.success) return { username, password };
  const issue = parsed.error.issues[0];
  throw new StepError(
    'BadConfiguration',
    `The file ${join(dir, String(issue?.path[0]))} (ADMIN_CREDENTIALS_DIR) ${issue?.message}.`,
  );
}

async function readLine(dir: string, file: string): Promise<string> {
  try {
    return (await readFile(join(dir, file), 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new StepError(
      'BadConfiguration',
      `The file ${join(dir, file)} (ADMIN_CREDENTIALS_DIR) cannot be read.`,
      { cause },
    );
  }
}

/** Adds the first admin where there is none. Later changes of the files change nothing: the account is the people's. */
export async function ensureAdmin(
  knex: Knex,
  passwords: Passwords,
  { username, password }: Credentials,
): Promise<void> {
  if (await hasAdmin(knex)) return;
  try {
    await addUser(knex, {
      username,
      passwordHash: await passwords.hash(password),
      roles: ['admin'],
    });
  } catch (error) {
    // Another replica was faster.
    if (!(error instanceof UserExistsError)) throw error;
  }
}
