import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { startProgram } from '../../inference/fixtures/program.ts';
import { writeTokenKey } from '../../inference/fixtures/service.ts';
import { publishTinyRelease } from '../../inference/fixtures/tiny-store.ts';
import { freePorts } from '../cluster/free-ports.ts';
import { hasEnded } from '../process/ended.ts';
import { waitFor } from '../process/wait.ts';
import { startPostgres, writeUrlFile } from '../services/postgres.ts';
import { startVersitygw } from '../services/versitygw.ts';

/** The whole service with everything that it can have: a database, pictures in S3, accounts. The model is tiny. */
export interface WholeService {
  url: string;
  pid: number;
  release: string;
  /** A fresh header of an admin, who may do everything. */
  authorization(): Promise<string>;
  admin: { username: string; password: string };
  /** That admin's id. */
  self: string;
  /** What it wrote to its log. */
  log(): string;
  stop(): Promise<void>;
}

const release = 'fuzz-20261101-000000';
const admin = { username: 'admin', password: 'a password of twenty characters' };

/** Starts it, and what it depends on, on free ports of 127.0.0.1. */
export async function startWholeService(env: Record<string, string> = {}): Promise<WholeService> {
  const dir = await mkdtemp(join(tmpdir(), 'whole-service-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    const [postgres, s3] = await Promise.all([startPostgres(), startVersitygw()]);
    stops.push(
      () => postgres.stop(),
      () => s3.stop(),
    );
    const store = `s3://${s3.bucket}/shop`;
    const opened = openStore(store, storeSettingsFromEnv(s3.env));
    const { digest } = await publishTinyRelease({ store: opened, dir }, release);
    const keys = join(dir, 'keys');
    const credentials = join(dir, 'admin');
    for (const folder of [keys, credentials]) await mkdir(folder);
    await writeTokenKey(keys, 'k1');
    for (const [name, value] of Object.entries(admin))
      await writeFile(join(credentials, name), value);
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const options = ['--store', store, '--release', release, '--digest', digest];
    const running = startProgram(['serve', ...options, '--port', String(port)], {
      ...s3.env,
      DATABASE_URL_FILE: await writeUrlFile(join(dir, 'database-url'), postgres.url),
      TOKEN_KEYS_DIR: keys,
      ADMIN_CREDENTIALS_DIR: credentials,
      SHUTDOWN_DELAY_MS: '0',
      ...env,
    });
    stops.push(async () => {
      if (!hasEnded(running.child)) running.child.kill('SIGTERM');
      // It only is to be gone: `ended` fails where it crashed, which its callers saw as requests without an answer.
      await running.ended.catch(() => undefined);
    });
    const authorization = () => logIn(url);
    await waitFor(
      async () => {
        if ((await fetch(`${url}/readyz`)).status !== 200) return undefined;
        // The first admin is there as soon as the tables are.
        return authorization();
      },
      {
        what: 'the service to be ready and to know its admin',
        limitMs: 300_000,
        hopeless: () => (hasEnded(running.child) ? `It ended: ${running.stderr()}` : undefined),
      },
    );
    const me = await fetch(`${url}/v1/me`, { headers: { authorization: await authorization() } });
    const { id: self } = (await me.json()) as { id: string };
    return {
      url,
      release,
      pid: running.child.pid as number,
      admin,
      self,
      authorization,
      log: running.stderr,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function logIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(admin),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`The admin is not let in: ${answer.status} ${body}`);
  return `Bearer ${JSON.parse(body).access_token}`;
}
