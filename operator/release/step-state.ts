import type { Job, Pod } from '../api/kubernetes.ts';
import { isOwnedBy } from '../api/metadata.ts';
import { jobName, type Step } from '../api/names.ts';
import { endedBy, type Problem, waitingFor, withoutPods } from './failures.ts';
import { stepContainer } from './jobs.ts';
import type { Observation } from './observation.ts';
import type { Run } from './run.ts';

/** A step that succeeded without leaving its result is repeated; it is idempotent. Beyond this it is given up. */
export const mostAttempts = 3;

/** How a step of a run stands, as its newest Job and that Job's pods tell. */
export type StepState =
  | { is: 'absent' }
  | { is: 'taken'; message: string }
  | { is: 'waiting'; job: Job; problem: Problem; until: Date }
  | { is: 'running'; job: Job; message: string }
  | { is: 'succeeded'; job: Job; attempt: number; result: string | undefined }
  | { is: 'failed'; job: Job; attempt: number; problem: Problem };

export function stepState(step: Step, run: Run, seen: Observation): StepState {
  const found = newestJob(step, run, seen.jobs);
  if (!found) return { is: 'absent' };
  const { job, attempt } = found;
  if (!isOwnedBy(job, seen.modelRelease)) {
    const { name } = job.metadata;
    return {
      is: 'taken',
      message: `Job ${name} exists and belongs to somebody else: delete it or rename it.`,
    };
  }
  const pods = podsOf(job, seen);
  const ended = (type: string) =>
    job.status?.conditions?.find(
      (condition) => condition.type === type && condition.status === 'True',
    );
  // A Job is over only after its pods. One that still works here is an older picture: our watch of pods is behind that of Jobs.
  if (pods.some((pod) => !isOver(pod)) && hasEnded(job)) return { is: 'running', job, message: '' };
  if (ended('Complete')) return { is: 'succeeded', job, attempt, result: resultOf(pods) };
  const failed = ended('Failed');
  if (failed)
    return { is: 'failed', job, attempt, problem: lastProblem(pods) ?? byCondition(failed, job) };
  return unfinished(job, attempt, pods, run, seen);
}

/** A Job is over only when Kubernetes says Complete or Failed: until then a pod of it may still work. */
function unfinished(
  job: Job,
  attempt: number,
  pods: Pod[],
  run: Run,
  seen: Observation,
): StepState {
  const overdue = pods.map(endedBy).find((problem) => problem?.reason === 'DeadlineExceeded');
  // Its next attempt would take as long, and be ended like this one.
  if (overdue) return { is: 'failed', job, attempt, problem: overdue };
  const pod = pods.findLast((each) => !isOver(each));
  const before = lastProblem(pods);
  const message = before ? `Tried again after: ${before.message}` : '';
  if (!pod && pods.length > 0) return { is: 'running', job, message };

  const subject = pod ?? job;
  const explanation = seen.explanations.get(subject.metadata.uid);
  const problem = pod
    ? waitingFor(pod, explanation)
    : explanation && withoutPods(explanation, job.metadata.creationTimestamp);
  // Also a Job whose pod went with its node has none for a moment: only what the cluster says of it counts as waiting.
  if (!problem) return { is: 'running', job, message };
  const limit = run.spec.training.schedulingTimeoutSeconds;
  const until = new Date(Date.parse(subject.metadata.creationTimestamp) + limit * 1000);
  if (!problem.hopeless && seen.now < until) return { is: 'waiting', job, problem, until };
  const patience = problem.hopeless
    ? ''
    : ` It waited for spec.training.schedulingTimeoutSeconds (${limit} s).`;
  return {
    is: 'failed',
    job,
    attempt,
    problem: { ...problem, message: `${problem.message}${patience}` },
  };
}

/** Complete or Failed: no pod of it works any more. */
export function hasEnded({ status }: Job): boolean {
  return (status?.conditions ?? []).some(
    (each) => each.status === 'True' && (each.type === 'Complete' || each.type === 'Failed'),
  );
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

export function newestJob(
  step: Step,
  run: Run,
  jobs: readonly Job[],
): { job: Job; attempt: number } | undefined {
  for (let attempt = mostAttempts; attempt > 0; attempt--) {
    const name = jobName(run.release, step, attempt);
    const job = jobs.find(({ metadata }) => metadata.name === name);
    if (job) return { job, attempt };
  }
  return undefined;
}

function podsOf(job: Job, { pods }: Observation): Pod[] {
  return pods
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid))
    .toSorted((one, other) =>
      one.metadata.creationTimestamp.localeCompare(other.metadata.creationTimestamp),
    );
}

/** What the pod that succeeded left behind; undefined when it went with the pod. */
function resultOf(pods: Pod[]): string | undefined {
  for (const { status } of pods.toReversed()) {
    const ended = status?.containerStatuses?.find(({ name }) => name === stepContainer)?.state
      ?.terminated;
    if (ended?.exitCode === 0 && ended.message) return ended.message;
  }
  return undefined;
}

function lastProblem(pods: Pod[]): Problem | undefined {
  return pods.map(endedBy).findLast((problem) => problem !== undefined);
}

/** When the pods are gone, the Job's own condition is all there is; it names the exit code at least. */
function byCondition(
  {
    reason,
    message,
    lastTransitionTime,
  }: { reason?: string; message?: string; lastTransitionTime?: string },
  job: Job,
): Problem {
  const since = lastTransitionTime ?? job.metadata.creationTimestamp;
  const words = message || reason || 'The Job failed without a word.';
  return { reason: reason === 'DeadlineExceeded' ? reason : 'StepCrashed', message: words, since };
}
