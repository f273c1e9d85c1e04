import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../cluster/free-ports.ts';
import { hasEnded } from '../process/ended.ts';
import { waitFor } from '../process/wait.ts';
import { tool } from '../tools/tool.ts';

/** A real S3 for tests, on a free port of 127.0.0.1. */
export interface S3Service {
  endpoint: string;
  bucket: string;
  /** Holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as a mounted Secret would. */
  credentialsDir: string;
  /** The folder in which each bucket is a folder of objects. */
  dataDir: string;
  /** What programs under test take from their environment. */
  env: Record<string, string>;
  /** Ends the server and keeps its objects: the store is gone. */
  pause(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
  /** Ends it for good and removes its objects. */
  stop(): Promise<void>;
}

/** Starts versitygw with one bucket; builds it first where it was not yet. */
export async function startVersitygw(bucket = 'shop'): Promise<S3Service> {
  const program = await tool('versitygw');
  const dir = await mkdtemp(join(tmpdir(), 'versitygw-'));
  const folder = async (name: string) => {
    const path = join(dir, name);
    await mkdir(path, { recursive: true });
    return path;
  };
  const dataDir = await folder('data');
  const credentialsDir = await folder('credentials');
  await folder(`data/${bucket}`);
  const [access, secret] = ['tests', randomBytes(16).toString('hex')];
  await writeFile(join(credentialsDir, 'AWS_ACCESS_KEY_ID'), access);
  await writeFile(join(credentialsDir, 'AWS_SECRET_ACCESS_KEY'), secret);
  const [port] = await freePorts(1);
  let child: ChildProcess | undefined;
  const resume = async () => {
    const started = spawn(program, ['--port', `127.0.0.1:${port}`, 'posix', dataDir], {
      cwd: dir,
      env: { ...process.env, ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const output: string[] = [];
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (d) => output.push(`${d}`));
    await listening(Number(port), started, output);
  };
  const pause = async () => {
    if (!child || hasEnded(child)) return;
    child.kill('SIGTERM');
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
  const endpoint = `http://127.0.0.1:${port}`;
  const env = {
    AWS_ENDPOINT_URL_S3: endpoint,
    S3_FORCE_PATH_STYLE: 'true',
    S3_CREDENTIALS_DIR: credentialsDir,
  };
  return { endpoint, bucket, credentialsDir, dataDir, env, pause, resume, stop };
}

async function listening(port: number, child: ChildProcess, output: string[]): Promise<void> {
  await waitFor(
    async () => {
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return true;
      } finally {
        socket.destroy();
      }
    },
    {
      what: `versitygw to listen on port ${port}; it said: ${output.join('')}`,
      limitMs: 300_000,
      hopeless: () =>
        hasEnded(child) ? `versitygw ended and said: ${output.join('')}` : undefined,
    },
  );
}
