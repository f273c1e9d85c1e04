import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLineProgram } from '../process/line-program.ts';
import { pinned } from '../process/pinned.ts';
import type { ClosedLoop, ClosedLoopResult } from './closed-loop.ts';
import type { MoreHeaders } from './generator.ts';
import type { OpenLoop, OpenLoopResult } from './open-loop.ts';
import type { StoredRequest } from './request.ts';

/** A process that asks, so that what asking costs is not counted as the server's. */
export interface Generator {
  closed(job: Omit<ClosedLoop, 'kind'> & MoreHeaders): Promise<ClosedLoopResult & Own>;
  open(job: Omit<OpenLoop, 'kind'> & MoreHeaders): Promise<OpenLoopResult & Own>;
  stop(): Promise<void>;
}

export interface Own {
  /** Share of one core that the generator itself took: near 1 it is the generator that is measured. */
  busy: number;
}

const program = join(import.meta.dirname, 'generator.ts');

/** Starts a generator of these requests; `core` pins it to one. */
export async function startGenerator(
  requests: readonly StoredRequest[],
  { core }: { core?: number } = {},
): Promise<Generator> {
  const dir = await mkdtemp(join(tmpdir(), 'load-'));
  const file = join(dir, 'requests.json');
  await writeFile(file, JSON.stringify(requests));
  const command = pinned([process.execPath, program, file], core);
  const { ask, kill } = await startLineProgram('The load generator', command);
  return {
    closed: (job) => ask({ ...job, kind: 'closed' }),
    open: (job) => ask({ ...job, kind: 'open' }),
    async stop() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
