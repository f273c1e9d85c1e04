import type { ControllerRevision, Job } from '../api/kubernetes.ts';
import { isOwnedBy, releaseLabel } from '../api/metadata.ts';
import { timestamp } from '../api/names.ts';
import { releasesOfPods } from './doubt.ts';
import { type EventDraft, type Observation, writeOf } from './observation.ts';
import { lastGood, type Run, type Trigger } from './run.ts';
import { readSchedule } from './schedule.ts';
import { hasEnded } from './step-state.ts';

/** Somebody may have lowered spec.historyLimit, or made records by the thousand: nobody has to wait until all of them are gone. */
const mostRemoved = 100;

/**
 * The Jobs and records of the oldest runs beyond spec.historyLimit, Jobs first, so that none is left without its record; and Jobs
 * of runs that are kept, but not among the newest.
 * Only runs whose outcome is in the cache already go: a record that is being written is not to be deleted.
 */
export function prune(runs: readonly Run[], seen: Observation): (Job | ControllerRevision)[] {
  const { historyLimit } = seen.modelRelease.spec;
  const recorded = new Set(seen.runs.filter((run) => run.outcome).map((run) => run.release));
  const finished = runs.filter((run) => recorded.has(run.release));
  const kept = indispensable(runs, seen);
  const surplus = finished
    .slice(0, Math.max(0, finished.length - historyLimit))
    .filter((run) => !kept.has(run.release))
    .slice(0, mostRemoved);
  const removed = surplus.flatMap(({ release }) => {
    const jobs = jobsOf(new Set([release]), seen);
    const record = seen.records.get(release);
    return record ? [...jobs, record] : jobs;
  });
  const gone = new Set(surplus);
  return [
    ...removed,
    ...outlived(
      finished.filter((run) => !gone.has(run)),
      seen,
    ),
  ];
}

/** As many as CronJob keeps of those that went well: people look for the logs of the last runs. */
const runsWithJobs = 3;

/**
 * Jobs of older runs: all that they found stands in the records, which see to it that no slot comes twice. Kept as long as the
 * records, they and their pods would be most of what a cluster with many ModelReleases holds: 44 objects for 10 runs of each.
 */
function outlived(finished: readonly Run[], seen: Observation): Job[] {
  const older = new Set(finished.slice(0, -runsWithJobs).map(({ release }) => release));
  return jobsOf(older, seen)
    .filter((job) => stays(job) && hasEnded(job))
    .slice(0, mostRemoved);
}

/**
 * Jobs that are not over although their run is: a model could still appear, of a run that has failed. Found anew at each look,
 * because the record may have been written by an operator that did not live to delete the Job.
 */
export function leftovers(runs: readonly Run[], seen: Observation): Job[] {
  const ended = new Set(runs.filter((run) => run.outcome).map((run) => run.release));
  return jobsOf(ended, seen).filter((job) => stays(job) && !hasEnded(job));
}

/** The Jobs of runs whose record somebody deleted: what they were told is not known any more, and nobody waits for their result. */
export function orphans(runs: readonly Run[], seen: Observation): Job[] {
  const known = new Set(runs.map(({ release }) => release));
  return jobsOf(new Set(seen.lost).difference(known), seen).filter(stays);
}

/** Our Jobs of these releases. */
function jobsOf(releases: ReadonlySet<string>, { jobs, modelRelease }: Observation): Job[] {
  return jobs.filter(
    (job) =>
      releases.has(job.metadata.labels?.[releaseLabel] ?? '') && isOwnedBy(job, modelRelease),
  );
}

/** Nobody has deleted it yet. */
function stays({ metadata }: Job): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** Jobs that lost the labels by which they are watched. One whose deletion somebody holds up is deleted, and told of, once. */
export function strays(seen: Observation): Job[] {
  return (seen.strays ?? []).filter(stays);
}

/** What is removed without a run that could tell why. */
export function removalEvents(removed: readonly Job[], seen: Observation): EventDraft[] {
  const unlabelled = new Set(seen.strays);
  return removed.map((job) => {
    const { name, labels } = job.metadata;
    const note = unlabelled.has(job)
      ? `Job ${name} lost the labels by which it is watched: it is removed, and its step started again.`
      : `The record of release ${labels?.[releaseLabel]} is gone: its Job ${name} is removed.`;
    const reason = unlabelled.has(job) ? 'DriftCorrected' : 'RecordLost';
    return { type: 'Warning', reason, action: 'Remove', note, tellsOf: writeOf('Job', name) };
  });
}

/** What later decisions are made from: the last good release, the last snapshot, the last answer, and which slots were used. */
function indispensable(runs: readonly Run[], seen: Observation): Set<string> {
  const { now, modelRelease } = seen;
  const newestOf = (trigger: Trigger) => runs.findLast((run) => run.trigger === trigger);
  const schedule = readSchedule(modelRelease.spec.schedule);
  const slot = 'invalid' in schedule ? undefined : schedule.latest(now);
  const needed = [
    lastGood(runs),
    runs.findLast((run) => run.snapshot),
    // Of the same products it is the answer for as long as they stay so.
    runs.findLast((run) => run.verdict),
    newestOf('schedule'),
    newestOf('run-now'),
    // A person may have asked for a run at the very time of the schedule.
    slot && runs.find((run) => run.slot === timestamp(slot)),
  ];
  // And of what pods still serve, though it was superseded: without its record it would be in doubt.
  return new Set([...releasesOfPods(seen), ...needed.flatMap((run) => (run ? [run.release] : []))]);
}
