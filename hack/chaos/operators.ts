/** The operator processes of one life: each behind a proxy of its own, started anew when it was killed. */
import { readFile } from 'node:fs/promises';
import { leases, pathOf } from '../../operator/kube/resource.ts';
import { sum } from '../operator-process/metrics.ts';
import {
  type OperatorProcess,
  startOperatorProcess,
} from '../operator-process/operator-process.ts';
import { waitFor } from '../process/wait.ts';
import type { ArmedFault } from './faults.ts';
import type { Journal } from './journal.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import type { Hands } from './strike-write.ts';
import type { World } from './world.ts';

/** Shorter than by default, so that a takeover does not take long; not so short that a busy machine hands it to and fro. */
const lease = {
  LEADER_ELECTION: 'true',
  LEASE_DURATION_SECONDS: '10',
  LEASE_RENEW_DEADLINE_SECONDS: '7',
  LEASE_RETRY_PERIOD_SECONDS: '1',
};

export interface OperatorsOptions {
  world: World;
  namespace: string;
  journal: Journal;
  /** 2: they elect a leader. */
  count: 1 | 2;
  arm: (hands: Hands) => ArmedFault;
}

export interface Operators {
  fault: ArmedFault;
  /** How often each process has looked at its ModelRelease so far, and whether it has nothing before it. */
  looks(): Promise<Map<string, { done: number; idle: boolean }>>;
  /** Ends all of them; says what was wrong with how they lived. */
  stop(): Promise<{ exits: string[]; complaints: string[] }>;
}

interface Slot {
  name: string;
  proxy: FaultProxy;
  starts: number;
  process: Promise<OperatorProcess>;
  logs: string[];
}

export async function startOperators(options: OperatorsOptions): Promise<Operators> {
  const { world, namespace, journal, count } = options;
  const slots = new Map<string, Slot>();
  const exits: string[] = [];
  const expected = new Set<OperatorProcess>();
  const fault = options.arm({ kill, pauseUntilSucceeded });
  let stopping = false;

  function start(slot: Slot): Promise<OperatorProcess> {
    const name = `${slot.name}-${++slot.starts}`;
    const started = startOperatorProcess({
      server: slot.proxy.url,
      account: world.account,
      directory: world.directory,
      name,
      environment: {
        WATCH_NAMESPACES: namespace,
        POD_NAME: slot.name,
        ...(count === 2 ? { ...lease, LEASE_NAMESPACE: namespace } : { LEADER_ELECTION: 'false' }),
      },
    });
    started.then(
      (process) => slot.logs.push(process.log),
      (error) => exits.push(String(error)),
    );
    return started;
  }

  async function kill(name: string): Promise<void> {
    const slot = slotOf(name);
    const process = await slot.process;
    expected.add(process);
    await process.signal('SIGKILL');
    if (!stopping) slot.process = start(slot);
  }

  /** As the kubelet does it: a process that ended by itself is started again. With a lost Lease it may. */
  async function startIfEnded(slot: Slot): Promise<void> {
    // One that did not come up is told of where it was started.
    const process = await slot.process.catch(() => undefined);
    const end = process?.ended();
    if (!process || end === undefined || expected.has(process)) return;
    expected.add(process);
    const words = await readFile(process.log, 'utf8');
    if (!/The Lease .* is not held any more/.test(words))
      exits.push(`${slot.name} ended by itself with ${end}: ${words.trim().split('\n').at(-1)}`);
    if (!stopping) slot.process = start(slot);
  }

  async function pauseUntilSucceeded(name: string): Promise<void> {
    const process = await slotOf(name).process;
    const before = await holder();
    await process.signal('SIGSTOP');
    await waitFor(async () => ((await holder()) !== before ? true : undefined), {
      what: `another than ${before} to lead in ${namespace}`,
      limitMs: 120_000,
      everyMs: 100,
    });
    await process.signal('SIGCONT');
  }

  async function holder(): Promise<string | undefined> {
    const path = pathOf(leases, { namespace, name: 'shelfwise-operator' });
    type Lease = { spec?: { holderIdentity?: string } };
    return (await world.admin.request<Lease>({ method: 'GET', path })).spec?.holderIdentity;
  }

  function slotOf(name: string): Slot {
    const slot = slots.get(name);
    if (!slot) throw new Error(`There is no operator ${name}.`);
    return slot;
  }

  for (let index = 0; index < count; index++) {
    const name = `${namespace}-${'ab'[index]}`;
    const proxy = await startProxy({ ...world.upstream, journal, slot: name, strike: fault });
    const slot = { name, proxy, starts: 0, logs: [] } as unknown as Slot;
    slot.process = start(slot);
    slots.set(name, slot);
  }
  const watchman = setInterval(() => {
    for (const slot of slots.values())
      startIfEnded(slot).catch((error) => exits.push(String(error)));
  }, 200);

  return {
    fault,
    async looks() {
      const found = new Map<string, { done: number; idle: boolean }>();
      for (const { process } of slots.values()) {
        const running = await process;
        const samples = await running.metrics();
        const of = (series: string) => sum(samples, `shelfwise_operator_${series}`);
        found.set(running.log, {
          done: of('reconcile_seconds_count'),
          idle: of('queue_depth') === 0,
        });
      }
      return found;
    },
    async stop() {
      clearInterval(watchman);
      stopping = true;
      const complaints: string[] = [];
      for (const slot of slots.values()) {
        await startIfEnded(slot).catch((error) => exits.push(String(error)));
        await slot.process.then(async (process) => {
          expected.add(process);
          await process.signal('SIGKILL');
        }, String);
        await slot.proxy.close();
        for (const log of slot.logs) complaints.push(...bad(await readFile(log, 'utf8')));
      }
      return { exits, complaints };
    },
  };
}

/** Lines of a log that speak of a bug, and what is no log line at all: a stack trace, a warning of Node. */
export function bad(log: string): string[] {
  return log
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .filter((line) => {
      try {
        const { level, msg } = JSON.parse(line);
        return level >= 50 && !/^The Lease .* is not held any more/.test(msg);
      } catch {
        return true;
      }
    });
}
