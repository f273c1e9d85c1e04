import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAlive } from '../../process/identity.ts';
import {
  type Daemon,
  type DaemonFolders,
  endDaemons,
  ensureRunning,
  readRecords,
} from './daemons.ts';

describe('daemons', () => {
  let folder: string;
  let folders: DaemonFolders;
  const never = new AbortController().signal;
  const sleeper = (seconds: number): Daemon => ({
    name: 'sleeper',
    command: 'sleep',
    args: [String(seconds)],
    env: { PATH: process.env.PATH ?? '' },
    ready: async () => true,
  });
  const only = async () => {
    const [record, ...more] = await readRecords(folders);
    if (!record || more.length > 0)
      throw new Error(`not one record: ${JSON.stringify([record, ...more])}`);
    return record;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'daemons-'));
    folders = { processes: join(folder, 'processes'), logs: join(folder, 'logs') };
  });
  afterEach(async () => {
    await endDaemons(folders, 1000);
    await rm(folder, { recursive: true });
  });

  it('are left alone when they run as they should', async () => {
    await ensureRunning(sleeper(1000), folders, never);
    const first = await only();
    await ensureRunning(sleeper(1000), folders, never);
    expect((await only()).identity).to.deep.equal(first.identity);
  });

  it('are started again when they were killed', async () => {
    await ensureRunning(sleeper(1000), folders, never);
    const first = await only();
    process.kill(first.identity.pid, 'SIGKILL');
    while (isAlive(first.identity)) await new Promise((resolve) => setTimeout(resolve, 5));
    await ensureRunning(sleeper(1000), folders, never);
    const second = await only();
    expect(second.alive).to.equal(true);
    expect(second.identity).not.to.deep.equal(first.identity);
  });

  for (const [what, changed] of [
    ['arguments', sleeper(1001)],
    ['configuration', { ...sleeper(1000), files: { '/dev/null': 'new' } }],
  ] as const) {
    it(`are replaced when their ${what} changed`, async () => {
      await ensureRunning(sleeper(1000), folders, never);
      const first = await only();
      await ensureRunning(changed, folders, never);
      expect(isAlive(first.identity)).to.equal(false);
      expect((await only()).alive).to.equal(true);
    });
  }

  it('are ended and forgotten', async () => {
    await ensureRunning(sleeper(1000), folders, never);
    const { identity } = await only();
    await endDaemons(folders, 1000);
    expect(isAlive(identity)).to.equal(false);
    expect(await readRecords(folders)).to.deep.equal([]);
  });

  it('that end at once are an error with their last words', async () => {
    const failing: Daemon = {
      ...sleeper(0),
      name: 'failing',
      command: 'sh',
      args: ['-c', 'echo port taken >&2; exit 1'],
      ready: async () => undefined,
    };
    const error = await ensureRunning(failing, folders, never).catch((caught) => caught);
    expect(error.message).to.match(/^failing ended while it started\./);
    expect(error.message).to.include('port taken');
    expect(await readFile(join(folders.logs, 'failing.log'), 'utf8')).to.equal('port taken\n');
  });

  it('are not waited for once another part has failed', async () => {
    const abort = new AbortController();
    const waiting = ensureRunning(
      { ...sleeper(1000), ready: async () => undefined },
      folders,
      abort.signal,
    );
    abort.abort();
    const error = await waiting.catch((caught) => caught);
    expect(error.message).to.include('another part failed');
  });
});
