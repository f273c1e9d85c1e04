import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { predictResponseSchema, usersResponseSchema } from '@shelfwise/inference-contract';
import { openStore } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { freePorts } from '../../hack/cluster/free-ports.ts';
import { hasEnded } from '../../hack/process/ended.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { publishTinyRelease } from '../fixtures/tiny-store.ts';
import { isAlive } from './one-at-a-time.ts';

const program = join(import.meta.dirname, 'main.ts');

describe('serve:local', () => {
  let dir: string;
  let port: number;
  const started: ChildProcess[] = [];
  const data = () => join(dir, 'data');
  const base = () => `http://127.0.0.1:${port}`;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'laptop-test-'));
    // The database of root runs as another user.
    await chmod(dir, 0o755);
    const store = openStore(`file://${dir}/store`, { region: 'none', forcePathStyle: false });
    await publishTinyRelease({ store, dir }, 'first');
  });
  beforeEach(async () => {
    port = (await freePorts(1))[0] as number;
  });
  after(async () => {
    for (const child of started) if (!hasEnded(child)) child.kill('SIGKILL');
    const left = await databasePid();
    if (left !== undefined && isAlive(left)) process.kill(left, 'SIGQUIT');
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** As from a shell in `dir`; in a process group of its own, as in a terminal. */
  function start(args: string[]) {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH ?? '', INIT_CWD: dir, PREDICT_WORKERS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    started.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (words) => {
        said += words;
      });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { child, ended, said: () => said };
  }
  const usual = () => ['--store', 'store', '--data', 'data', '--port', String(port)];
  const welcomed = (run: ReturnType<typeof start>) =>
    waitFor(async () => (run.said().includes('Ctrl-C ends it') ? true : undefined), {
      what: `a welcome; it said ${run.said()}`,
      limitMs: 600_000,
      hopeless: () => (hasEnded(run.child) ? `it ended: ${run.said()}` : undefined),
    });
  async function databasePid(): Promise<number | undefined> {
    const lines = await readFile(join(data(), 'postgres/data/postmaster.pid'), 'utf8').catch(
      () => undefined,
    );
    return lines === undefined ? undefined : Number(lines.split('\n')[0]);
  }
  /** pg_ctl takes a database for stopped when it removes its mark, just before its process ends. */
  const gone = (pid: number) =>
    waitFor(async () => (isAlive(pid) ? undefined : true), {
      what: `the database's process ${pid} to end`,
      limitMs: 300_000,
    });
  const call = (path: string, body: unknown, token = '') =>
    fetch(base() + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  async function login(said: string): Promise<string> {
    const credentials = JSON.parse(/-d '(\{.*?\})'/.exec(said)?.[1] ?? 'null');
    const answer = await call('/v1/tokens', credentials);
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  it('serves the newest release to the user it names, keeps what it is told, and leaves no process behind', async () => {
    const first = start(usual());
    await welcomed(first);
    const token = await login(first.said());
    const answer = await call('/v1/predict', { designation: 'a red spade' }, token);
    expect(predictResponseSchema.parse(await answer.json())).to.include({ release: 'first' });
    const ada = { username: 'ada', password: 'a long enough password' };
    expect((await call('/v1/users', ada, token)).status).to.equal(201);
    const other = start([...usual().slice(0, -1), '1']);
    expect(await other.ended, other.said()).to.equal(10);
    expect(other.said()).to.contain(`is in use by the process ${first.child.pid}`);
    const database = (await databasePid()) as number;
    expect(isAlive(database)).to.equal(true);
    // As a terminal does, and npm once more.
    process.kill(-(first.child.pid as number), 'SIGINT');
    first.child.kill('SIGINT');
    expect(await first.ended, first.said()).to.equal(0);
    await gone(database);

    // Killed, it cannot end its database; the next one does.
    const second = start(usual());
    await welcomed(second);
    const orphan = (await databasePid()) as number;
    second.child.kill('SIGKILL');
    await second.ended;
    expect(isAlive(orphan)).to.equal(true);
    const third = start(usual());
    await welcomed(third);
    await gone(orphan);
    const { users } = usersResponseSchema.parse(
      await (await call('/v1/users', undefined, await login(third.said()))).json(),
    );
    expect(users.map(({ username }) => username)).to.include('ada');
    third.child.kill('SIGTERM');
    expect(await third.ended, third.said()).to.equal(0);
    expect(await databasePid()).to.equal(undefined);
  });

  it('ends its database when the port is taken, and says so', async () => {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const run = start(usual());
    expect(await run.ended, run.said()).to.equal(10);
    expect(run.said()).to.contain(`The port ${port} cannot be listened on`);
    expect(await databasePid()).to.equal(undefined);
    server.close();
  });

  const mistakes: { name: string; args: string[]; says: RegExp }[] = [
    { name: 'no store', args: [], says: /--store is missing/ },
    {
      name: 'a store without a release',
      args: ['--store', 'nowhere'],
      says: /There is no release in file:\/\/.*\/nowhere .*: train one with/,
    },
    {
      name: 'a release that is not there',
      args: ['--store', 'store', '--release', 'second'],
      says: /releases\/second\/manifest\.json/,
    },
  ];
  for (const { name, args, says } of mistakes) {
    it(`says what is wrong: ${name}`, async () => {
      const run = start([...args, '--data', 'other']);
      expect(await run.ended, run.said()).to.be.oneOf([10, 11]);
      expect(run.said()).to.match(says);
      expect(run.said()).to.not.match(/\n {4}at /);
    });
  }
});
