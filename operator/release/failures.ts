/** Why a pod does not start, or why it ended: told apart by what the cluster says of it, in its own words. */
import { exitCodes, failureMessageSchema } from '@shelfwise/trainer-contract/messages';
import type { ContainerStatus, Pod } from '../api/kubernetes.ts';
import { timestamp } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import type { Explanation } from './observation.ts';

export interface Problem {
  reason: Reason;
  message: string;
  /** RFC 3339. */
  since: string;
  /** Waiting longer cannot help. */
  hopeless?: true;
}

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** What a pod that has not begun to work waits for; undefined when it works, or has ended. */
export function waitingFor(pod: Pod, explanation: Explanation | undefined): Problem | undefined {
  const { phase, conditions = [], containerStatuses = [] } = pod.status ?? {};
  const { creationTimestamp: created } = pod.metadata;
  const unscheduled = conditions.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled) {
    const since = unscheduled.lastTransitionTime ?? created;
    return { reason: 'Unschedulable', message: unscheduled.message ?? 'No node was found.', since };
  }
  const waiting = containerStatuses.map(({ state }) => state?.waiting).find((state) => state);
  if (waiting === undefined) {
    if (phase !== 'Pending') return undefined;
    return { reason: 'Starting', message: 'The pod waits for its node.', since: created };
  }
  const { reason = '', message = '' } = waiting;
  const words = message || reason;
  switch (reason) {
    case 'ImagePullBackOff':
    case 'ErrImagePull':
    case 'ErrImageNeverPull':
    case 'RegistryUnavailable':
      return { reason: 'ImagePull', message: words, since: created };
    case 'InvalidImageName':
      return { reason: 'InvalidImage', message: words, since: created, hopeless: true };
    case 'CreateContainerConfigError':
      return { reason: ofMissing(words, 'PodNotStarted'), message: words, since: created };
    case 'CrashLoopBackOff':
      return { reason: 'PodsFailing', message: words, since: created };
    case 'ContainerCreating':
    case 'PodInitializing':
    case '':
      if (explanation) return { ...ofEvent(explanation), since: created };
      return { reason: 'Starting', message: 'The pod starts.', since: created };
    default:
      return { reason: 'PodNotStarted', message: `${reason}: ${words}`, since: created };
  }
}

/** Why a Job has no pod at all. */
export function withoutPods(explanation: Explanation, since: string): Problem {
  const reason = /exceeded quota/.test(explanation.message) ? 'QuotaExceeded' : 'PodRefused';
  return { reason, message: explanation.message, since };
}

/** Why a pod ended badly; undefined when it did not. */
export function endedBy(pod: Pod): Problem | undefined {
  const { phase, reason, message, conditions = [], containerStatuses = [] } = pod.status ?? {};
  const ended = containerStatuses.map(({ state }) => state?.terminated).find((state) => state);
  const since = asTime(ended?.finishedAt) ?? pod.metadata.creationTimestamp;
  if (reason === 'DeadlineExceeded') {
    return { reason, message: message ?? 'The pod ran longer than it may.', since };
  }
  if (ended && ended.exitCode !== 0) {
    const stated = byExitCode(ended);
    // The step knows best, unless it was only told to stop: then who told it does.
    if (stated.reason !== 'Interrupted' && stated.reason !== 'StepCrashed')
      return { ...stated, since };
    return { ...(disrupted(reason, message, conditions) ?? stated), since };
  }
  if (phase !== 'Failed') return undefined;
  const known = disrupted(reason, message, conditions);
  if (known) return { ...known, since };
  return {
    reason: 'StepCrashed',
    message: message ?? reason ?? 'The pod failed without a word.',
    since,
  };
}

/** What a terminated container says of itself: an exit code of the contract, a message, or its last log lines. */
export function byExitCode(ended: Terminated): Pick<Problem, 'reason' | 'message'> {
  const { exitCode, reason, message = '' } = ended;
  if (reason === 'OOMKilled') {
    return {
      reason: 'OutOfMemory',
      message: 'The container needed more memory than its limit and was killed.',
    };
  }
  const stated = failure(message);
  const name = Object.entries(exitCodes).find(([, code]) => code === exitCode)?.[0];
  const words = stated?.message ?? lastLine(message);
  if (name !== undefined) {
    return {
      reason: name as Reason,
      message: words || `The step ended with exit code ${exitCode} (${name}).`,
    };
  }
  return {
    reason: 'StepCrashed',
    message: `The container ended with exit code ${exitCode}${words ? `: ${words}` : '.'}`,
  };
}

/** The serving pod that will never be ready: it looked at the model tar and refused it, in the words of its last end. */
export function refusalOf(pod: Pod): string | undefined {
  for (const { state, lastState } of pod.status?.containerStatuses ?? []) {
    const ended = state?.terminated ?? lastState?.terminated;
    if (ended?.exitCode === exitCodes.BadData) return byExitCode(ended).message;
  }
  return undefined;
}

/** A serving pod that starts and ends again, in the words of its last end. */
export function crashOf(pod: Pod): Problem | undefined {
  for (const { state, lastState } of pod.status?.containerStatuses ?? []) {
    const ended = state?.terminated ?? lastState?.terminated;
    if (state?.running || !ended || ended.exitCode === 0) continue;
    const since = asTime(ended.finishedAt) ?? pod.metadata.creationTimestamp;
    return { ...byExitCode(ended), since };
  }
  return undefined;
}

function disrupted(
  reason: string | undefined,
  message: string | undefined,
  conditions: NonNullable<NonNullable<Pod['status']>['conditions']>,
): Pick<Problem, 'reason' | 'message'> | undefined {
  const why = conditions.find(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  const words = message || why?.message || reason || why?.reason || '';
  if (
    reason === 'NodeLost' ||
    why?.reason === 'DeletionByPodGC' ||
    why?.reason === 'DeletionByTaintManager'
  ) {
    return { reason: 'NodeLost', message: words };
  }
  if (reason === 'Preempting' || why?.reason === 'PreemptionByScheduler') {
    return { reason: 'Preempted', message: words };
  }
  return reason === 'Evicted' || why ? { reason: 'Evicted', message: words } : undefined;
}

function ofEvent({ reason, message }: Explanation): Pick<Problem, 'reason' | 'message'> {
  if (reason === 'FailedMount' || reason === 'FailedAttachVolume') {
    return { reason: ofMissing(message, 'VolumeNotMounted'), message };
  }
  return { reason: 'PodNotStarted', message: `${reason}: ${message}` };
}

/** The kubelet's words for a Secret that is not there, or has not the key. */
function ofMissing(words: string, otherwise: Reason): Reason {
  return /secret .*not found|non-existent secret key|references non-existent/i.test(words)
    ? 'MissingSecret'
    : otherwise;
}

function failure(message: string): { message: string } | undefined {
  try {
    return failureMessageSchema.safeParse(JSON.parse(message)).data;
  } catch {
    // No JSON: the end of the log, which the kubelet puts there when a container left no message.
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

function asTime(time: string | undefined): string | undefined {
  return time === undefined ? undefined : timestamp(new Date(time));
}
