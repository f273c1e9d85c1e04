import { startGenerator } from '../load/generate-load.ts';
import { failures } from '../load/tally.ts';
import { cpuSecondsOfTree, memoryOfTree, threadsOf } from '../process/tree.ts';
import type { Contender, RunningServer } from './contender.ts';
import { stageCpu } from './stage-cpu.ts';

/** One contender at one number of connections. */
export interface Point {
  connections: number;
  requestsPerSecond: number;
  p50: number;
  p99: number;
  /** Of the server's whole process tree. */
  cpuMsPerRequest: number;
  /** Share of one core that the generator took. */
  generatorBusy: number;
  /** Shares of the process's CPU time, where the server tells them. */
  inside: Inside | undefined;
}

/** CPU seconds, or shares of them. */
export interface Inside {
  /** Decoding and inference. */
  useful: number | undefined;
  /** Threads other than the main one. */
  threads: number;
}

export interface Round {
  contender: string;
  coldStartSeconds: number;
  memoryMiB: number;
  points: Point[];
}

export interface RoundSettings {
  connections: readonly number[];
  seconds: number;
}

const warmUpSeconds = 1;

/** Starts a contender anew, loads it at each number of connections in turn, and ends it. */
export async function runRound(
  contender: Contender,
  { connections, seconds }: RoundSettings,
): Promise<Round> {
  const server = await contender.start();
  const generator = await startGenerator(await contender.requests());
  try {
    const points: Point[] = [];
    for (const count of connections) {
      const job = { port: server.port, connections: count };
      await generator.closed({ ...job, seconds: warmUpSeconds });
      const before = await spentBy(server, contender.name === 'ours');
      const result = await generator.closed({ ...job, seconds });
      const after = await spentBy(server, contender.name === 'ours');
      if (failures(result) > 0)
        throw new Error(
          `${contender.name} answered ${JSON.stringify(result.statuses)} ${JSON.stringify(result.errors)}: ${JSON.stringify(result.samples)}`,
        );
      const cpu = after.cpu - before.cpu;
      points.push({
        connections: count,
        requestsPerSecond: result.requestsPerSecond,
        p50: result.answered.p50,
        p99: result.answered.p99,
        cpuMsPerRequest: (cpu * 1000) / result.answered.count,
        generatorBusy: result.busy,
        inside: before.inside && after.inside && shareOf(cpu, before.inside, after.inside),
      });
    }
    return {
      contender: contender.name,
      coldStartSeconds: server.coldStartSeconds,
      memoryMiB: memoryOfTree(server.pid),
      points,
    };
  } finally {
    await generator.stop();
    await server.stop();
  }
}

/** CPU seconds so far: of the tree, and of its parts where the server is ours. */
async function spentBy({ pid, port }: RunningServer, isOurs: boolean) {
  const cpu = cpuSecondsOfTree(pid);
  if (!isOurs) return { cpu };
  const others = threadsOf(pid).filter(({ id }) => id !== pid);
  const threads = others.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  return { cpu, inside: { useful: await stageCpu(port), threads } };
}

function shareOf(cpu: number, before: Inside, after: Inside): Inside {
  const useful =
    before.useful === undefined || after.useful === undefined
      ? undefined
      : (after.useful - before.useful) / cpu;
  return { useful, threads: (after.threads - before.threads) / cpu };
}
