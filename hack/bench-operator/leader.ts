import { setTimeout as sleep } from 'node:timers/promises';
import { createObjects } from '../../operator/kube/objects.ts';
import { pathOf, services } from '../../operator/kube/resource.ts';
import type { AuditedRequest } from '../cluster/audit.ts';
import type { Figure } from '../figures/report.ts';
import { sum } from '../operator-process/metrics.ts';
import type { OperatorProcess } from '../operator-process/operator-process.ts';
import { waitFor } from '../process/wait.ts';
import { still } from './at-rest.ts';
import type { Environment } from './environment.ts';
import { loadReleases, productNames } from './load.ts';
import { isWork } from './requests.ts';

export interface LeaderOptions {
  releases: number;
  /** How long a paused leader stands still. */
  pauseMs: number;
  say: (text: string) => void;
}

const namespace = 'led';

/**
 * Two operators share a Lease while there is always something to write: somebody deletes Services. The one that leads is killed,
 * paused, told to end: how long until the other writes, and whether ever both do.
 */
export async function leader(environment: Environment, options: LeaderOptions): Promise<Figure[]> {
  const { releases, pauseMs, say } = options;
  say(`loading ${releases} ModelReleases`);
  const names = productNames(releases);
  await loadReleases(environment.admin, { namespace, names, runs: 2 });
  let count = 0;
  const start = () => {
    const name = `operator-${count++}`;
    return environment.startOperator(name, { LEADER_ELECTION: 'true', POD_UID: name });
  };
  let leading = await start();
  let standby = await start();
  await waitFor(async () => (await leads(leading)) || undefined, {
    what: 'the first operator to lead',
    limitMs: 240_000,
  });
  await still(environment, leading);
  const vandal = deleteServices(environment, names);
  const seconds: Record<string, number> = {};
  let secondWriter = 0;
  try {
    for (const [name, signal] of signals) {
      say(`the leader is ${name}`);
      // In the middle of its work.
      await writesOf(environment, leading, new Date());
      const at = new Date();
      const struck = leading.signal(signal);
      const first = await writesOf(environment, standby, at);
      seconds[name] = (first.at.getTime() - at.getTime()) / 1000;
      if (signal === 'SIGSTOP') {
        await sleep(Math.max(0, at.getTime() + pauseMs - Date.now()));
        await leading.signal('SIGCONT');
        await waitFor(async () => leading.ended(), {
          what: 'the operator that lost its Lease to end',
          limitMs: 240_000,
        });
      }
      await struck;
      const requests = await environment.requestsOf('operator', first.at);
      secondWriter += requests.filter(
        (each) => isWork(each) && each.token === leading.token,
      ).length;
      leading = standby;
      standby = await start();
      await waitFor(async () => (await standby.isReady()) || undefined, {
        what: 'the standby to be ready',
        limitMs: 240_000,
      });
    }
  } finally {
    await vandal.stop();
  }
  return [
    figure('killed', seconds.killed, 20),
    figure('paused', seconds.paused, 20),
    figure('ended', seconds.ended),
    {
      name: 'secondWriterWrites',
      says: `writes of a leader after its successor's first, also when it goes on after ${pauseMs / 1000} s`,
      value: secondWriter,
      unit: 'requests',
      exactly: 0,
    },
  ];
}

const signals: [string, NodeJS.Signals][] = [
  ['killed', 'SIGKILL'],
  ['paused', 'SIGSTOP'],
  ['ended', 'SIGTERM'],
];

const how: Record<string, string> = {
  killed: 'killed (SIGKILL)',
  paused: 'paused (SIGSTOP)',
  ended: 'told to end (SIGTERM)',
};

function figure(name: string, value = Number.NaN, atMost?: number): Figure {
  return {
    name: `takeoverSeconds${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    says: `leader ${how[name]}: until the other's first write`,
    value,
    unit: 's',
    ...(atMost === undefined ? {} : { atMost }),
  };
}

async function leads(operator: OperatorProcess): Promise<boolean> {
  return sum(await operator.metrics(), 'shelfwise_operator_leader') === 1;
}

/** The first thing that this process wrote since then. */
function writesOf(
  environment: Environment,
  operator: OperatorProcess,
  since: Date,
): Promise<AuditedRequest> {
  return waitFor(
    async () => {
      const requests = await environment.requestsOf('operator', since);
      return requests.find((each) => isWork(each) && each.token === operator.token);
    },
    {
      what: `the operator to write, see ${operator.log}`,
      limitMs: 240_000,
      everyMs: 500,
      hopeless: operator.gone,
    },
  );
}

/** Takes away one Service after the other, for as long as it is not stopped. */
function deleteServices({ admin }: Environment, names: string[]) {
  const stopping = new AbortController();
  const objects = createObjects({ transport: admin, fieldManager: 'vandal' });
  const done = (async () => {
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      const name = { namespace, name: names[turn % names.length] ?? '' };
      if (await objects.get(services, name))
        await admin.request({ method: 'DELETE', path: pathOf(services, name) });
      await sleep(200);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
