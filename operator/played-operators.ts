/** For tests: operators as real processes that share a Lease, each behind a proxy that sees, and can hold, what it writes. */
import { readFile } from 'node:fs/promises';
import { createJournal, type Entry } from '../hack/chaos/journal.ts';
import { type Held, startProxy, type Upstream } from '../hack/chaos/proxy.ts';
import { sum } from '../hack/operator-process/metrics.ts';
import {
  type OperatorProcess,
  startOperatorProcess,
} from '../hack/operator-process/operator-process.ts';
import { waitFor } from '../hack/process/wait.ts';

/** What may happen at a write: awaited before it is passed on, or before its answer is. */
export type AtWrite = (write: Entry, nth: number) => Promise<void> | undefined;

export interface PlayedOperator {
  name: string;
  process: OperatorProcess;
  /** Requests that are no reads, as they came by. Renewals of the Lease are not among them, nor are events. */
  writes: Entry[];
  /** Lines of its log so far. */
  log(): Promise<string[]>;
  leads(): Promise<boolean>;
  before?: AtWrite | undefined;
  after?: AtWrite | undefined;
  stop(): Promise<void>;
}

export interface PlayedOperatorOptions {
  name: string;
  upstream: Upstream;
  /** The folder with token and ca.crt. */
  account: string;
  /** Where its log goes. */
  directory: string;
}

/** Resolves when it is ready. */
export async function startPlayedOperator(options: PlayedOperatorOptions): Promise<PlayedOperator> {
  const { name, upstream, account, directory } = options;
  const writes: Entry[] = [];

  function request(held: Held): Promise<void> | undefined {
    const { write, resource } = held.entry;
    if (write === undefined || /^events\b/.test(resource)) return undefined;
    return pass(held, writes.push(held.entry));
  }

  async function pass({ entry, forward, deliver }: Held, nth: number): Promise<void> {
    await operator.before?.(entry, nth);
    const answer = await forward();
    await operator.after?.(entry, nth);
    deliver(answer);
  }

  const journal = createJournal();
  const proxy = await startProxy({ ...upstream, journal, slot: name, strike: { request } });
  const environment = { LEADER_ELECTION: 'true' };
  const started = { server: proxy.url, account, directory, name, environment };
  const process = await startOperatorProcess(started).catch(async (error) => {
    await proxy.close();
    throw error;
  });
  const operator: PlayedOperator = {
    name,
    process,
    writes,
    log: async () => (await readFile(process.log, 'utf8')).trim().split('\n'),
    leads: async () => sum(await process.metrics(), 'shelfwise_operator_leader') === 1,
    async stop() {
      await process.signal('SIGKILL');
      await proxy.close();
    },
  };
  await waitFor(async () => (await process.isReady()) || undefined, {
    what: `${name} to be ready`,
    limitMs: 120_000,
    hopeless: process.gone,
  }).catch(async (error) => {
    const log = await operator.log();
    await operator.stop();
    throw new Error(`${error.message}\n${log.join('\n')}`, { cause: error });
  });
  return operator;
}
