/** Jobs that somebody deleted before their result was known: the status, in which we named them, is all that is left of them. */
import type { Job } from '../api/kubernetes.ts';
import { isOwnedBy } from '../api/metadata.ts';
import { jobName, type Step } from '../api/names.ts';
import type { Observation } from './observation.ts';
import { type Run, stepOf } from './run.ts';
import { hasEnded, mostAttempts, newestJob } from './step-state.ts';

/** The attempt at this step that was at work when we last looked, and has no Job any more. */
export function deletedAttempt(step: Step, run: Run, seen: Observation): number | undefined {
  const { release, step: last, job } = seen.modelRelease.status?.run ?? {};
  if (job === undefined || release !== run.release || last !== step) return undefined;
  if (seen.jobs.some(({ metadata }) => metadata.name === job)) return undefined;
  // An attempt begins when those before it are over: while one of them works, nobody but a person can have written a later one.
  const other = newestJob(step, run, seen.jobs)?.job;
  if (other && !hasEnded(other)) return undefined;
  for (let attempt = 1; attempt <= mostAttempts; attempt++)
    if (jobName(run.release, step, attempt) === job) return attempt;
  // Such a name was never given.
  return undefined;
}

/** The Job that works on the run's step, as the caches have it. */
export function jobAtWork(run: Run, seen: Observation): Job | undefined {
  const job = newestJob(stepOf(run), run, seen.jobs)?.job;
  return job && isOwnedBy(job, seen.modelRelease) ? job : undefined;
}

/** The Job at work, in which no cache believes: its labels were taken away. */
export function strayJob({ modelRelease, strays }: Observation): Job | undefined {
  return strays?.find(({ metadata }) => metadata.name === modelRelease.status?.run?.job);
}
