import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerRevision } from '../../operator/api/kubernetes.ts';
import { managedBy, managedByLabel } from '../../operator/api/metadata.ts';
import { modelReleases } from '../../operator/api/model-release.ts';
import { releaseName } from '../../operator/api/names.ts';
import { listAll } from '../../operator/kube/list.ts';
import { controllerRevisions, pathOf } from '../../operator/kube/resource.ts';
import { readRecord } from '../../operator/release/record.ts';
import type { AuditedRequest } from '../cluster/audit.ts';
import type { Figure } from '../figures/report.ts';
import type { OperatorProcess } from '../operator-process/operator-process.ts';
import { inParallel } from '../process/in-parallel.ts';
import { waitFor } from '../process/wait.ts';
import { still } from './at-rest.ts';
import { createCronJobs, cronJobsDone } from './cron-jobs.ts';
import type { Environment } from './environment.ts';
import { atOnce, loadReleases, productNames } from './load.ts';
import { byVerb, isEvent, isWrite } from './requests.ts';

export interface BurstOptions {
  releases: number;
  say: (text: string) => void;
  /** Lines for people beside the figures. */
  tell: (text: string) => void;
}

const namespace = 'burst';

/**
 * Many slots due in one minute, twice: the first time every run trains and serves; the second time it finds the same products, so
 * that a run is one Job, as a CronJob's is, and the two can be compared.
 */
export async function burst(environment: Environment, options: BurstOptions): Promise<Figure[]> {
  const { releases, say, tell } = options;
  say(`loading ${releases} ModelReleases`);
  const names = productNames(releases);
  await loadReleases(environment.admin, { namespace, names, runs: 2 });
  const operator = await environment.startOperator('burst');
  await still(environment, operator);

  const whole = await round(environment, operator, names, { say, outcome: 'Served' });
  const comparison = await round(environment, operator, names, {
    say,
    outcome: 'NoNewData',
    beside: (cron) => createCronJobs(environment.admin, { namespace, cron, count: releases }),
  });
  await cronJobsDone(environment.admin, { namespace, count: releases });
  const theirs = await environment.requestsOf('cronJobController', comparison.slot);
  const ours = await environment.requestsOf('operator', comparison.slot);
  await operator.signal('SIGTERM');

  const perRun = (requests: AuditedRequest[]) => counted(requests).length / releases;
  tell(
    describe(
      `A release that trains and serves (three Jobs), requests a run:`,
      whole.requests,
      releases,
    ),
  );
  tell(describe('A run that finds nothing new (one Job), requests a run:', ours, releases));
  tell(describe('Kubernetes’ CronJob controller (one Job), requests a run:', theirs, releases));
  return [
    {
      name: 'slotsMissed',
      says: `${releases} slots due in one minute: missed`,
      value: whole.missed + comparison.missed,
      unit: 'slots',
      exactly: 0,
    },
    {
      name: 'slotsDoubled',
      says: 'the same: more than one run, or a step’s Job created twice',
      value:
        whole.doubled +
        comparison.doubled +
        Math.max(0, jobsMade(whole.requests) - 3 * releases) +
        Math.max(0, jobsMade(ours) - releases),
      unit: 'slots',
      exactly: 0,
    },
    {
      name: 'slotDelaySeconds',
      says: 'from the slot to its last run’s record',
      value: whole.delay,
      unit: 's',
    },
    {
      name: 'requestsPerRelease',
      says: 'a release of three Jobs that comes to serve, without Events',
      value: perRun(whole.requests),
      unit: 'requests',
    },
    {
      name: 'requestsPerScheduledJob',
      says: 'a run of one Job, from slot to outcome, without Events',
      value: perRun(ours),
      unit: 'requests',
    },
    {
      name: 'cronJobRequestsPerJob',
      says: 'the same by Kubernetes’ CronJob controller',
      value: perRun(theirs),
      unit: 'requests',
    },
    {
      name: 'requestsRatio',
      says: 'ours / the CronJob controller’s',
      value: perRun(ours) / perRun(theirs),
      unit: '×',
      atMost: 2,
    },
  ];
}

interface Round {
  slot: Date;
  /** Of the operator, since the slot. */
  requests: AuditedRequest[];
  missed: number;
  doubled: number;
  delay: number;
}

async function round(
  environment: Environment,
  operator: OperatorProcess,
  names: string[],
  {
    say,
    outcome,
    beside,
  }: {
    say: (text: string) => void;
    outcome: string;
    beside?: (cron: string) => Promise<void>;
  },
): Promise<Round> {
  const { admin } = environment;
  // The minute after the next, so that all are told in time; this time of this day only.
  const slot = new Date(Math.ceil((Date.now() + 45_000) / 60_000) * 60_000);
  const cron = `${slot.getUTCMinutes()} ${slot.getUTCHours()} ${slot.getUTCDate()} ${slot.getUTCMonth() + 1} *`;
  say(`all are due at ${slot.toISOString()}`);
  await inParallel(names, atOnce, (name) =>
    admin.request({
      method: 'PATCH',
      path: pathOf(modelReleases, { namespace, name }),
      contentType: 'application/merge-patch+json',
      body: { spec: { schedule: { cron } } },
    }),
  );
  await beside?.(cron);
  if (Date.now() > slot.getTime())
    throw new Error(
      'Telling all of the slot took longer than until it was due: use a smaller --scale.',
    );
  await sleep(slot.getTime() - Date.now());

  const wanted = new Set(names.map((name) => releaseName(name, slot)));
  let seen: Awaited<ReturnType<typeof runsSince>> = [];
  await waitFor(
    async () => {
      seen = await runsSince(environment, slot);
      const ended = seen.filter((run) => run.outcome !== undefined);
      say(`${ended.length} of ${names.length} runs ended`);
      return (ended.length >= names.length && ended.length === seen.length) || undefined;
    },
    {
      what: `${names.length} runs to end`,
      limitMs: 900_000,
      everyMs: 2_000,
      hopeless: operator.gone,
    },
  ).catch((error: Error) => {
    // A slot without a run is what is counted; a run without an end is not to be measured.
    if (operator.ended() || seen.some((run) => run.outcome === undefined)) throw error;
  });
  await still(environment, operator);
  const wrong = seen.filter((run) => run.outcome?.outcome !== outcome);
  if (wrong.length > 0) {
    const [{ release, outcome: end } = { release: '', outcome: undefined }] = wrong;
    throw new Error(`${wrong.length} runs did not end as ${outcome}: ${release}: ${end?.message}`);
  }
  const found = new Set(seen.map(({ release }) => release));
  const requests = await environment.requestsOf('operator', slot);
  const begun = requests.filter(
    ({ verb, resource }) => verb === 'create' && resource === 'controllerrevisions.apps',
  );
  return {
    slot,
    requests,
    missed: wanted.difference(found).size,
    // Records are named by their slots: one that nobody wanted is a second run.
    doubled: found.difference(wanted).size,
    delay: Math.max(...begun.map(({ at }) => at.getTime() - slot.getTime())) / 1000,
  };
}

/** The runs that were begun for this slot or after it, as their records tell. */
async function runsSince({ admin }: Environment, slot: Date) {
  const { items } = await listAll<ControllerRevision>(admin, {
    resource: controllerRevisions,
    namespace,
    labelSelector: `${managedByLabel}=${managedBy}`,
  });
  return items
    .map((record) => {
      const run = readRecord(record);
      if ('unreadable' in run) throw new Error(run.unreadable);
      return run;
    })
    .filter((run) => Date.parse(run.startedAt) >= slot.getTime());
}

function jobsMade(requests: AuditedRequest[]): number {
  return requests.filter(
    ({ verb, resource, code }) => verb === 'create' && resource === 'jobs.batch' && code === 201,
  ).length;
}

/** Lists and watches serve all runs together; Events are news, on both sides. */
function counted(requests: AuditedRequest[]): AuditedRequest[] {
  return requests.filter(
    (request) => !isEvent(request) && (isWrite(request) || request.verb === 'get'),
  );
}

function describe(title: string, requests: AuditedRequest[], runs: number): string {
  const part = (some: AuditedRequest[]) =>
    byVerb(some)
      .map(([what, count]) => `${(count / runs).toFixed(2)} ${what}`)
      .join(', ');
  const events = requests.filter((request) => isEvent(request) && isWrite(request));
  return `${title}\n    ${part(counted(requests))}\n    beside them: ${part(events) || 'no Events'}`;
}
