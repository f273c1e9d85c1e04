import { startGenerator } from '../load/generate-load.ts';
import { failures } from '../load/tally.ts';
import { cpuSecondsOfTree, memoryOfTree, threadsOf } from '../process/tree.ts';
import type { Contender } from './contender.ts';
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
  /** CPU seconds of stages, of worker threads and of the process, where the server tells them. */
  inside: Inside | undefined;
}

export interface Inside {
  /** Decoding and inference, as share of the process's CPU time. */
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
      const before = { cpu: cpuSecondsOfTree(server.pid), ...(await insideOf(contender, server)) };
      const result = await generator.closed({ ...job, seconds });
      const after = { cpu: cpuSecondsOfTree(server.pid), ...(await insideOf(contender, server)) };
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
        inside:
          contender.name === 'ours'
            ? {
                useful:
                  before.useful === undefined || after.useful === undefined
                    ? undefined
                    : (after.useful - before.useful) / cpu,
                threads: ((after.threads ?? 0) - (before.threads ?? 0)) / cpu,
              }
            : undefined,
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

async function insideOf(contender: Contender, { pid, port }: { pid: number; port: number }) {
  if (contender.name !== 'ours') return {};
  const others = threadsOf(pid).filter(({ id }) => id !== pid);
  return {
    useful: await stageCpu(port),
    threads: others.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}
