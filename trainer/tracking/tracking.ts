import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson, type Store, sha256Of } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import type { ProgressEvent } from '../step.ts';
import type { Scalar } from './event-file.ts';
import { type Timings, tellMlflow } from './mlflow.ts';
import type { Metric, RunEnd } from './mlflow-run.ts';
import type { MlflowSettings } from './mlflow-server.ts';
import { scalarsOf } from './scalars.ts';
import { createEventFile } from './tensorboard.ts';

export interface TrackingSettings {
  store: Store;
  release: string;
  /** What makes two attempts the same training, as JSON. */
  identity: unknown;
  /** What the training was told: equal for all of its attempts. */
  params: Record<string, string | number | boolean | null | undefined>;
  tags: Record<string, string | null>;
  mlflow: MlflowSettings | undefined;
  /** A folder of this training's own. */
  scratchDir: string;
  log: Logger;
  /** Of MLflow's calls; the usual ones unless told. */
  timings?: Timings;
}

export interface Tracking {
  progress(event: ProgressEvent): void;
  /** What came out (null: could not be measured). Call it before the manifest is written. */
  results(metrics: Record<string, number | null>, tags?: Record<string, string>): Promise<void>;
  end(status: RunEnd): Promise<void>;
}

/** How long the end may take: what was told to stop has a checkpoint to write, too. */
const endWithinMs: Record<RunEnd, number> = { FINISHED: 15_000, FAILED: 15_000, KILLED: 5_000 };

/**
 * Tells TensorBoard (files in the store) and, where there is one, MLflow how a training goes and what came of it: the same values.
 * It never throws, never makes the training wait for a server, and changes nothing of the model.
 */
export function startTracking(settings: TrackingSettings): Tracking {
  const { store, release, log, mlflow, timings } = settings;
  const run = { ...describe(settings), startedAt: Date.now() };
  const file = createEventFile(settings.scratchDir, log);
  file.text('training', markdownTable({ ...run.tags, ...run.params }));
  const server = mlflow && tellMlflow(mlflow, run, log, timings);

  function tell(scalars: Scalar[]): void {
    // JSON has no NaN, and no curve is drawn through one; a training that diverges says so itself.
    const finite = scalars.filter(({ value }) => Number.isFinite(value));
    if (finite.length === 0) return;
    const timestamp = Date.now();
    file.scalars(finite);
    server?.values(metricsOf(finite, timestamp));
  }

  return {
    progress: (event) => tell(scalarsOf(event)),
    async results(metrics, more = {}) {
      tell(resultsOf(metrics));
      server?.tags(more);
      await file.upload(store, release);
    },
    async end(status) {
      const withinMs = endWithinMs[status];
      await Promise.all([
        Promise.race([file.upload(store, release), delay(withinMs, undefined, { ref: false })]),
        server?.end(status, withinMs),
      ]);
    },
  };
}

/** A training that was published, as its manifest tells of it. */
export interface Published {
  metrics: Record<string, number | null>;
  tags: Record<string, string>;
  startedAt: Date;
  finishedAt: Date;
}

/**
 * Tells MLflow what came of a training that an earlier attempt has published: that one may have died before it could. A
 * run that ended as FINISHED stays as it is. Never throws; over within 15 seconds.
 */
export async function tellPublished(
  settings: Omit<TrackingSettings, 'scratchDir'>,
  { metrics, tags, startedAt, finishedAt }: Published,
): Promise<void> {
  const { mlflow, log, timings } = settings;
  if (!mlflow) return;
  const run = { ...describe(settings), startedAt: startedAt.getTime(), unlessFinished: true };
  const server = tellMlflow(mlflow, { ...run, tags: { ...run.tags, ...tags } }, log, timings);
  const timestamp = finishedAt.getTime();
  server.values(metricsOf(resultsOf(metrics), timestamp));
  await server.end('FINISHED', endWithinMs.FINISHED, timestamp);
}

function describe(settings: Omit<TrackingSettings, 'scratchDir'>) {
  const { store, release, identity } = settings;
  return {
    name: release,
    identity: sha256Of(canonicalJson({ store: store.url, identity })),
    params: texts(settings.params),
    tags: texts({
      'shelfwise.release': release,
      'shelfwise.store': store.url,
      ...settings.tags,
    }),
  };
}

function resultsOf(metrics: Record<string, number | null>): Scalar[] {
  return Object.entries(metrics).flatMap(([name, value]) =>
    value === null ? [] : [{ name: `validation/${name}`, value, step: 0 }],
  );
}

/** As MLflow has them; `timestamp` in milliseconds since 1970. */
function metricsOf(scalars: readonly Scalar[], timestamp: number): Metric[] {
  return scalars.map(({ name: key, value, step }) => ({ key, value, step, timestamp }));
}

function texts(values: Record<string, unknown>): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

function markdownTable(rows: Record<string, string>): string {
  const lines = Object.entries(rows).map(([name, value]) => `| ${name} | ${value} |`);
  return ['| | |', '| --- | --- |', ...lines].join('\n');
}
