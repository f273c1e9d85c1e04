import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hasEnded } from '../process/ended.ts';
import { lastLines } from '../process/run.ts';
import type { ClosedLoop, ClosedLoopResult } from './closed-loop.ts';
import type { MoreHeaders } from './generator.ts';
import type { OpenLoop, OpenLoopResult } from './open-loop.ts';
import type { StoredRequest } from './request.ts';

/** A process that asks, so that what asking costs is not counted as the server's. */
export interface Generator {
  pid: number;
  closed(job: Omit<ClosedLoop, 'kind'> & MoreHeaders): Promise<ClosedLoopResult & Own>;
  open(job: Omit<OpenLoop, 'kind'> & MoreHeaders): Promise<OpenLoopResult & Own>;
  stop(): Promise<void>;
}

export interface Own {
  /** Share of one core that the generator itself took: near 1 it is the generator that is measured. */
  busy: number;
}

const program = join(import.meta.dirname, 'generator.ts');

/** Starts a generator of these requests; `core` pins it to one, by taskset(1). */
export async function startGenerator(
  requests: readonly StoredRequest[],
  { core }: { core?: number } = {},
): Promise<Generator> {
  const dir = await mkdtemp(join(tmpdir(), 'load-'));
  const file = join(dir, 'requests.json');
  await writeFile(file, JSON.stringify(requests));
  const command = [process.execPath, program, file];
  const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(pinned[0] as string, pinned.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function answer(): Promise<string> {
    const { value, done } = await lines.next();
    if (!done) return value;
    const [code, signal] = await ended;
    throw new Error(
      `The load generator ended with ${signal ?? `code ${code}`}: ${lastLines(words, 15)}`,
    );
  }
  const ask = async (job: unknown) => {
    child.stdin.write(`${JSON.stringify(job)}\n`);
    return JSON.parse(await answer());
  };
  const first = await answer();
  if (first !== 'ready') throw new Error(`The load generator begins with "${first}".`);
  return {
    pid: child.pid as number,
    closed: (job) => ask({ ...job, kind: 'closed' }),
    open: (job) => ask({ ...job, kind: 'open' }),
    async stop() {
      if (!hasEnded(child)) {
        child.kill('SIGKILL');
        await ended;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}
