import type { ControllerRevision, Job } from '../api/kubernetes.ts';
import { isOwnedBy, releaseLabel } from '../api/metadata.ts';
import type { Observation } from './observation.ts';
import { lastGood, type Run, type Trigger } from './run.ts';
import { hasEnded } from './step-state.ts';

/**
 * The Jobs and records of the oldest runs beyond spec.historyLimit; Jobs first, so that none is left without its record.
 * Only runs whose outcome is in the cache already go: a record that is being written is not to be deleted.
 */
export function prune(runs: readonly Run[], seen: Observation): (Job | ControllerRevision)[] {
  const { historyLimit } = seen.modelRelease.spec;
  const recorded = new Set(seen.runs.filter((run) => run.outcome).map((run) => run.release));
  const finished = runs.filter((run) => recorded.has(run.release));
  const kept = indispensable(runs);
  const surplus = finished
    .slice(0, Math.max(0, finished.length - historyLimit))
    .filter((run) => !kept.has(run.release));
  return surplus.flatMap(({ release }) => {
    const jobs = seen.jobs.filter(
      (job) => job.metadata.labels?.[releaseLabel] === release && isOwnedBy(job, seen.modelRelease),
    );
    const record = seen.records.get(release);
    return record ? [...jobs, record] : jobs;
  });
}

/**
 * Jobs that are not over although their run is: a model could still appear, of a run that has failed. Found anew at each look,
 * because the record may have been written by an operator that did not live to delete the Job.
 */
export function leftovers(runs: readonly Run[], seen: Observation): Job[] {
  const ended = new Set(runs.filter((run) => run.outcome).map((run) => run.release));
  return seen.jobs.filter(
    (job) =>
      ended.has(job.metadata.labels?.[releaseLabel] ?? '') &&
      isOwnedBy(job, seen.modelRelease) &&
      job.metadata.deletionTimestamp === undefined &&
      !hasEnded(job),
  );
}

/** What later decisions are made from: the last good release, the last snapshot, and which slots were used. */
function indispensable(runs: readonly Run[]): Set<string> {
  const newestOf = (trigger: Trigger) => runs.findLast((run) => run.trigger === trigger);
  const needed = [
    lastGood(runs),
    runs.findLast((run) => run.snapshot),
    newestOf('schedule'),
    newestOf('run-now'),
  ];
  return new Set(needed.flatMap((run) => (run ? [run.release] : [])));
}
