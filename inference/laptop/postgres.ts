import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { databaseUser, postgresBinaries } from './postgres-binaries.ts';

export interface LocalPostgres {
  /** postgres://…, with the password. */
  url: string;
  stop(): Promise<void>;
}

const user = 'shelfwise';
const run = promisify(execFile);

/**
 * A PostgreSQL on a free port of 127.0.0.1 whose data stay in `folder`. One that an earlier run left behind, because it was
 * killed, is ended first. Throws BadConfiguration where it cannot run here.
 */
export async function startLocalPostgres(folder: string): Promise<LocalPostgres> {
  const owner = databaseUser();
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid as number);
  const bin = await postgresBinaries(folder);
  const data = join(folder, 'data');
  const call = (program: string, args: string[]) =>
    run(join(bin, program), args, { ...owner, cwd: folder });
  await runnable(call, folder, owner.uid !== undefined);

  const passwordFile = join(folder, 'password');
  if (!(await exists(data))) await initialise(call, { folder, data, passwordFile });
  const password = (await readFile(passwordFile, 'utf8')).trim();
  await sameVersion(call, data);

  const stop = async () => {
    if (await exists(join(data, 'postmaster.pid')))
      await call('pg_ctl', ['stop', '--pgdata', data, '--mode', 'fast', '--silent', '--wait']);
  };
  // A mark without a process, which pg_ctl cannot end, is start's to judge: it says why it does not start.
  await stop().catch(() => undefined);
  const port = await freePort();
  const log = join(folder, 'log');
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`;
  try {
    // pg_ctl gives it a session of its own: Ctrl-C reaches this program alone, and the database goes last.
    await call('pg_ctl', ['start', '-D', data, '-l', log, '-o', options, '--silent', '--wait']);
  } catch (cause) {
    // What is to be told is why it did not start.
    await stop().catch(() => undefined);
    throw new StepError('BadConfiguration', `PostgreSQL did not start: ${log} says why.`, {
      cause,
    });
  }
  return { url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`, stop };
}

type Call = (program: string, args: string[]) => Promise<{ stdout: string }>;

/** Fails early, and in words, where the user that the database runs as cannot get at its programs. */
async function runnable(call: Call, folder: string, asNobody: boolean): Promise<void> {
  try {
    await call('postgres', ['--version']);
  } catch (cause) {
    const why = asNobody
      ? `as root the database runs as the user nobody, who must be allowed to enter it`
      : (cause as Error).message;
    throw new StepError(
      'BadConfiguration',
      `PostgreSQL cannot run in ${folder}: ${why}. Choose another folder with --data.`,
      { cause },
    );
  }
}

/** A new cluster. It gets its name last, so that one that was interrupted is begun anew. */
async function initialise(
  call: Call,
  { folder, data, passwordFile }: { folder: string; data: string; passwordFile: string },
): Promise<void> {
  const draft = join(folder, 'data.partial');
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const { uid, gid } = databaseUser();
  if (uid !== undefined) await chown(passwordFile, uid, gid as number);
  const settings = ['--auth', 'scram-sha-256', '--locale', 'C', '--encoding', 'UTF8'];
  const args = ['--pgdata', draft, '--username', user, '--pwfile', passwordFile, ...settings];
  await call('initdb', args);
  await rename(draft, data);
}

async function sameVersion(call: Call, data: string): Promise<void> {
  const written = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await call('postgres', ['--version']);
  const ours = /(\d+)\./.exec(stdout)?.[1];
  if (written === ours) return;
  throw new StepError(
    'BadConfiguration',
    `The database in ${data} is of PostgreSQL ${written}, but the installed one is ${ours}: choose another folder with --data.`,
  );
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
