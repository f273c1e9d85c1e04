import type { Job, Pod } from '../api/kubernetes.ts';
import { isOwnedBy } from '../api/metadata.ts';
import { jobName, type Step, timestamp } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import { endedBy, type Problem } from './failures.ts';
import { stepContainer } from './jobs.ts';
import type { Observation } from './observation.ts';
import { nodeOf, type Reach, reachOf } from './out-of-reach.ts';
import { queueOf } from './queue.ts';
import type { Run } from './run.ts';
import { waitingFor, withoutPods } from './waiting.ts';

/** A step that succeeded without leaving its result is repeated; it is idempotent. Beyond this it is given up. */
export const mostAttempts = 3;

/** How a step of a run stands, as its newest Job and that Job's pods tell. */
export type StepState =
  | { is: 'absent' }
  | { is: 'taken'; message: string }
  | { is: 'waiting'; job: Job; problem: Problem; wakeAt: Date }
  /** With a reason: it works again after that. */
  | { is: 'running'; job: Job; message: string; reason?: Reason; wakeAt?: Date }
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
  if (job.metadata.deletionTimestamp !== undefined) return goingAway(job, attempt, pods, run, seen);
  const failed = ended('Failed');
  if (failed)
    return { is: 'failed', job, attempt, problem: lastProblem(pods) ?? byCondition(failed, job) };
  return unfinished(job, attempt, pods, run, seen);
}

/** What starts within this time is not worth a word, and a write. */
const startingMs = 60_000;

/** A Job is over only when Kubernetes says Complete or Failed: until then a pod of it may still work. */
function unfinished(
  job: Job,
  attempt: number,
  pods: Pod[],
  run: Run,
  seen: Observation,
): StepState {
  const { training } = run.spec;
  const failed = (problem: Problem): StepState => ({ is: 'failed', job, attempt, problem });
  const overdue = pods.map(endedBy).find((problem) => problem?.reason === 'DeadlineExceeded');
  // Its next attempt would take as long, and be ended like this one.
  if (overdue) return failed(overdue);

  const pod = pods.findLast((each) => !isOver(each));
  const reach = pod && reachOf(pod, training, seen.now);
  const lost = reach && outOfReach(reach, job, attempt, seen);
  if (lost) return lost;
  const wait = job.spec?.suspend ? heldBack(job, seen) : notBegun(job, pod, pods, seen);
  let { problem } = wait;
  if (!problem) {
    const again = triedAgain(job, pod, pods);
    return { is: 'running', job, ...again, ...(reach ? { wakeAt: reach.wakeAt } : {}) };
  }
  if (problem.reason === 'Starting') {
    const speakAt = new Date(Date.parse(problem.since) + startingMs);
    if (seen.now < speakAt) return { is: 'running', job, message: '', wakeAt: speakAt };
    const message = `${pod ? nodeOf(pod) : 'Its node'} has not started it yet, and says no reason; an image that a node pulls for the first time takes its time.`;
    problem = { ...problem, message };
  }
  const limit = training.schedulingTimeoutSeconds;
  const until = new Date(Date.parse(wait.from) + limit * 1000);
  if (!problem.hopeless && seen.now < until) {
    const wakeAt = reach && reach.wakeAt < until ? reach.wakeAt : until;
    return { is: 'waiting', job, problem, wakeAt };
  }
  const patience = problem.hopeless
    ? ''
    : ` It waited for spec.training.schedulingTimeoutSeconds (${limit} s).`;
  return failed({ ...problem, message: `${problem.message}${patience}` });
}

/** Its pods are ended now, which says nothing about the step. Once it is gone, the step is started again. */
function goingAway(job: Job, attempt: number, pods: Pod[], run: Run, seen: Observation): StepState {
  const pod = pods.findLast((each) => !isOver(each));
  const reach = pod && reachOf(pod, run.spec.training, seen.now);
  const lost = reach && outOfReach(reach, job, attempt, seen);
  if (lost) return lost;
  const message = `Job ${job.metadata.name} is being deleted.`;
  const wakeAt = reach && reach.wakeAt > seen.now ? { wakeAt: reach.wakeAt } : {};
  return { is: 'running', job, message, ...wakeAt };
}

/** A pod whose node is silent: it is waited for until nothing is to be hoped for any more. */
function outOfReach(
  { problem, until, wakeAt }: Reach,
  job: Job,
  attempt: number,
  { now }: Observation,
): StepState | undefined {
  if (!problem) return undefined;
  return now < until
    ? { is: 'waiting', job, problem, wakeAt }
    : { is: 'failed', job, attempt, problem };
}

/** What is waited for, and since when the limit of that wait counts. */
interface Wait {
  problem: Problem | undefined;
  from: string;
}

/** A Job that is suspended: by us until Kueue admits it, by Kueue when it takes the place back, or by a person. */
function heldBack(job: Job, { explanations }: Observation): Wait {
  const { name, uid, creationTimestamp } = job.metadata;
  const suspended = job.status?.conditions?.find(({ type }) => type === 'Suspended');
  const from = (suspended?.status === 'True' && suspended.lastTransitionTime) || creationTimestamp;
  const since = timestamp(new Date(from));
  const queue = queueOf(job);
  if (queue === undefined) {
    const message = `Job ${name} was suspended, by somebody or by a Kueue that manages Jobs without a queue, too: set its spec.suspend to false, or give this namespace a LocalQueue named default.`;
    return { problem: { reason: 'JobSuspended', message, since }, from };
  }
  const words = explanations.get(uid)?.message ?? 'Kueue has not answered yet.';
  return { problem: { reason: 'Queued', message: `LocalQueue ${queue}: ${words}`, since }, from };
}

function notBegun(
  job: Job,
  pod: Pod | undefined,
  pods: Pod[],
  { explanations }: Observation,
): Wait {
  const { uid, creationTimestamp } = (pod ?? job).metadata;
  const explanation = explanations.get(uid);
  if (pod) return { problem: waitingFor(pod, explanation), from: creationTimestamp };
  // Kubernetes sets it anew when a Job is resumed: what it waited in a queue had a limit of its own.
  const from = job.status?.startTime ?? creationTimestamp;
  // Also a Job whose pod went with its node has none for a moment: only what the cluster says of it counts as waiting.
  if (!explanation) return { problem: undefined, from };
  // The wait for a next pod begins with the end of the one before it.
  const ended = lastProblem(pods)?.since;
  const since = ended !== undefined && ended > from ? ended : from;
  return { problem: withoutPods(explanation, since), from: since };
}

/** That a step is not at its first attempt, which disruptions can make endless: they are not counted against a Job. */
function triedAgain(
  job: Job,
  pod: Pod | undefined,
  pods: Pod[],
): { message: string; reason?: Reason } {
  const problems = pods.map(endedBy).filter((problem) => problem !== undefined);
  const last = problems.at(-1);
  if (last) {
    const times = problems.length === 1 ? '' : ` (for the ${ordinal(problems.length)} time)`;
    return { message: `Tried again${times} after: ${last.message}`, reason: last.reason };
  }
  const { startTime } = job.status ?? {};
  const begun = pod?.metadata.creationTimestamp;
  if (startTime === undefined || begun === undefined) return { message: '' };
  // Within this time a first pod is made, even by a controller that is busy.
  if (Date.parse(begun) - Date.parse(startTime) < startingMs) return { message: '' };
  const message = `Its pod is of ${timestamp(new Date(begun))}, its Job began at ${timestamp(new Date(startTime))}: a pod before it was drained, preempted or deleted, or none was allowed until then.`;
  return { message };
}

function ordinal(count: number): string {
  const ending = count % 100 > 10 && count % 100 < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][count % 10];
  return `${count}${ending ?? 'th'}`;
}

/** Complete or Failed: no pod of it works any more. */
export function hasEnded({ status }: Job): boolean {
  return (status?.conditions ?? []).some(
    (each) => each.status === 'True' && (each.type === 'Complete' || each.type === 'Failed'),
  );
}

/** A pod that works no more. */
export function isOver({ status }: Pod): boolean {
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
