import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../figures/report.ts';
import { sum } from '../operator-process/metrics.ts';
import type { OperatorProcess } from '../operator-process/operator-process.ts';
import { waitFor } from '../process/wait.ts';
import type { Environment } from './environment.ts';
import { loadShops } from './load.ts';
import { byVerb, isWork, isWrite } from './requests.ts';

export interface AtRestOptions {
  releases: number;
  /** Of each ModelRelease. */
  runs: number;
  /** How long it is watched when there is nothing to do. */
  restMs: number;
  say: (text: string) => void;
}

/**
 * How an operator comes back to many ModelReleases that need nothing: how long until it has looked at each of them, what it holds
 * in memory, and that it writes nothing.
 */
export async function atRest(environment: Environment, options: AtRestOptions): Promise<Figure[]> {
  const { releases, runs, restMs, say } = options;
  say(`loading ${releases} ModelReleases with ${runs} runs each`);
  await loadShops(environment.admin, { releases, runs, say });

  say('the operator builds up what is missing: Deployments, Services, status');
  const first = await environment.startOperator('first');
  await converged(first, releases);
  const built = (performance.now() - first.startedAt) / 1000;
  await still(environment, first);
  const written = (await environment.requestsOf('operator', new Date(0))).filter(isWrite);
  if (written.length < releases)
    throw new Error(
      `The API server recorded ${written.length} writes of an operator that wrote more.`,
    );
  const builtWith = first.memory();
  await first.signal('SIGTERM');

  say('the operator starts anew');
  const since = new Date();
  const operator = await environment.startOperator('restarted');
  await converged(operator, releases);
  const seconds = (performance.now() - operator.startedAt) / 1000;
  const cpuBefore = sum(await operator.metrics(), 'process_cpu_seconds_total');
  say(`nothing to do for ${restMs / 1000} s`);
  await sleep(restMs);
  const metrics = await operator.metrics();
  const memory = operator.memory();
  const requests = await environment.requestsOf('operator', since);
  await operator.signal('SIGTERM');
  const writes = requests.filter(isWrite);
  if (writes.length > 0) say(`written at rest: ${JSON.stringify(byVerb(writes))}`);
  const cpu = sum(metrics, 'process_cpu_seconds_total') - cpuBefore;
  return [
    {
      name: 'restartSeconds',
      says: `${releases} ModelReleases × ${runs} releases: each looked at after a restart`,
      value: seconds,
      unit: 's',
      atMost: 120,
    },
    {
      name: 'peakRssMiB',
      says: 'memory, the most it ever was since (RSS)',
      value: memory.peak,
      unit: 'MiB',
      atMost: 256,
    },
    {
      name: 'restRssMiB',
      says: 'memory at rest (RSS)',
      value: memory.now,
      unit: 'MiB',
      atMost: 256,
    },
    {
      name: 'writesAtRest',
      says: `writes from the restart to the end of ${restMs / 1000} s of rest`,
      value: writes.length,
      unit: 'requests',
      exactly: 0,
    },
    { name: 'restCpuPercent', says: 'CPU at rest', value: (cpu / restMs) * 1e5, unit: '% of one' },
    {
      name: 'buildUpSeconds',
      says: 'before: Deployments, Services and status of all built up from records alone',
      value: built,
      unit: 's',
    },
    {
      name: 'buildUpPeakRssMiB',
      says: 'the same: memory, the most it ever was (RSS)',
      value: builtWith.peak,
      unit: 'MiB',
    },
  ];
}

/** Every cache is complete, every key had its turn, none waits. */
export async function converged(operator: OperatorProcess, keys: number): Promise<void> {
  const prefix = 'shelfwise_operator_';
  await waitFor(
    async () => {
      if (!(await operator.isReady())) return undefined;
      const metrics = await operator.metrics();
      const done = sum(metrics, `${prefix}reconcile_seconds_count`, { outcome: 'done' });
      const waiting = sum(metrics, `${prefix}queue_depth`);
      return (done >= keys && waiting === 0) || undefined;
    },
    {
      what: `the operator to look at ${keys} ModelReleases, see ${operator.log}`,
      limitMs: 900_000,
      everyMs: 100,
      hopeless: operator.gone,
    },
  );
}

const stillMs = 10_000;

/** Nothing was written for a while: what other controllers had to do is done, too. */
export async function still(environment: Environment, operator: OperatorProcess): Promise<void> {
  await waitFor(
    async () => {
      const from = new Date(Date.now() - stillMs);
      const recent = await environment.requestsOf('operator', from);
      const uptime = performance.now() - operator.startedAt;
      return (uptime > stillMs && !recent.some(isWork)) || undefined;
    },
    { what: 'the operator to have nothing to write', limitMs: 900_000, everyMs: 2_000 },
  );
}
