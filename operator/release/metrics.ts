/** What ModelReleases come to, for Prometheus: from their status as it is cached, so that a restart forgets nothing. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { recordAnnotations } from '../api/metadata.ts';
import type { ModelRelease, OutcomeName } from '../api/model-release.ts';
import type { Plan } from './observation.ts';
import type { Outcome } from './run.ts';

export interface ReleaseMetrics {
  /** A plan was carried out: counts the runs that ended with it. */
  done: (plan: Pick<Plan, 'note'>) => void;
}

/**
 * A series for each ModelRelease and gauge; names of releases and digests, of which there are ever more, are in none. Only the
 * operator that leads counts runs; the gauges are those of every operator that has its caches.
 */
export function createReleaseMetrics(
  registry: Registry,
  prefix: string,
  all: () => readonly Pick<ModelRelease, 'metadata' | 'status'>[],
): ReleaseMetrics {
  const registers = [registry];
  const runs = new Counter<'outcome' | 'reason'>({
    name: `${prefix}runs_total`,
    help: 'Runs that ended since the operator started, by outcome and reason (docs/conditions.md).',
    labelNames: ['outcome', 'reason'],
    registers,
  });
  const each = (
    name: string,
    help: string,
    value: (release: Pick<ModelRelease, 'status'>) => number | undefined,
  ) => {
    new Gauge<'namespace' | 'name'>({
      name: `${prefix}${name}`,
      help,
      labelNames: ['namespace', 'name'],
      registers,
      collect() {
        this.reset();
        for (const release of all()) {
          const { namespace = '', name: of } = release.metadata;
          const number = value(release);
          if (number !== undefined) this.set({ namespace, name: of }, number);
        }
      },
    });
  };
  each('modelrelease_run_active', '1 while a run of the ModelRelease is active.', ({ status }) =>
    status?.run ? 1 : 0,
  );
  each('modelrelease_run_waiting', '1 while its run waits for something outside.', ({ status }) =>
    status?.phase === 'Waiting' ? 1 : 0,
  );
  each('modelrelease_degraded', '1 while its condition Degraded is True.', ({ status }) =>
    isTrue(status, 'Degraded') ? 1 : 0,
  );
  each('modelrelease_ready', '1 while its condition Ready is True.', ({ status }) =>
    isTrue(status, 'Ready') ? 1 : 0,
  );
  each('modelrelease_serving_accuracy', 'Accuracy of the release that serves.', ({ status }) =>
    numeric(status?.serving?.accuracy),
  );
  each(
    'modelrelease_last_success_timestamp_seconds',
    'When a run ended well last (Served, NoNewData), as far as the history goes back.',
    ({ status }) => {
      const well = status?.history?.find(({ outcome }) => succeeded.includes(outcome));
      return well?.finished === undefined ? undefined : Date.parse(well.finished) / 1000;
    },
  );
  each(
    'modelrelease_next_run_timestamp_seconds',
    'When its next run is due by its schedule.',
    ({ status }) => (status?.nextRun === undefined ? undefined : Date.parse(status.nextRun) / 1000),
  );
  return {
    done({ note }) {
      for (const { annotations } of note) {
        const text = annotations[recordAnnotations.outcome];
        if (text === undefined) continue;
        const { outcome, reason } = JSON.parse(text) as Outcome;
        runs.inc({ outcome, reason });
      }
    },
  };
}

/** A run that found nothing to learn did what it was there for. */
const succeeded: OutcomeName[] = ['Served', 'NoNewData'];

function isTrue(status: ModelRelease['status'], wanted: string): boolean {
  return (status?.conditions ?? []).some(
    ({ type, status: value }) => type === wanted && value === 'True',
  );
}

function numeric(text: string | undefined): number | undefined {
  const number = Number.parseFloat(text ?? '');
  return Number.isFinite(number) ? number : undefined;
}
