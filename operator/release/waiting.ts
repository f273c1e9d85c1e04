/** What a pod, or a Job without pods, waits for: told apart by what the cluster says of it, in its own words. */
import type { Pod } from '../api/kubernetes.ts';
import type { Reason } from '../api/reasons.ts';
import type { Problem } from './failures.ts';
import type { Explanation } from './observation.ts';

/** The reason of an explanation that could not be had: its message says why. */
export const notTold = 'Unknown';

/** What a pod that has not begun to work waits for; undefined when it works, or has ended. */
export function waitingFor(pod: Pod, explanation: Explanation | undefined): Problem | undefined {
  const { phase, conditions = [] } = pod.status ?? {};
  const { creationTimestamp: created } = pod.metadata;
  const unscheduled = conditions.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled) {
    const since = unscheduled.lastTransitionTime ?? created;
    return { reason: 'Unschedulable', message: unscheduled.message ?? 'No node was found.', since };
  }
  const waiting = waitingContainer(pod);
  if (waiting === undefined) {
    if (phase !== 'Pending') return undefined;
    if (explanation) return { ...ofEvent(explanation), since: created };
    return { reason: 'Starting', message: 'The pod waits for its node.', since: created };
  }
  const { reason = '', message = '' } = waiting;
  const words = message || reason;
  switch (reason) {
    case 'ImagePullBackOff':
    case 'ErrImagePull':
    case 'ErrImageNeverPull':
    case 'ImageInspectError':
    case 'RegistryUnavailable':
    case 'SignatureValidationFailed':
      return { reason: 'ImagePull', message: withoutBackOff(words), since: created };
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

const beginning = ['', 'ContainerCreating', 'PodInitializing'];

/** A container that says for what it waits; or, where none does, one that only begins. What the cluster put before ours counts, too. */
function waitingContainer({ status }: Pod) {
  const { initContainerStatuses = [], containerStatuses = [] } = status ?? {};
  const waiting = [...initContainerStatuses, ...containerStatuses].flatMap(
    ({ state }) => state?.waiting ?? [],
  );
  return waiting.find(({ reason = '' }) => !beginning.includes(reason)) ?? waiting[0];
}

/** The kubelet tries, and backs off, in turns: what it says between is the same, and so the status stays still. */
function withoutBackOff(words: string): string {
  return words.replace(/^Back-off pulling image "[^"]*": (ErrImagePull|RegistryUnavailable): /, '');
}

const refusals: [RegExp, Reason][] = [
  [/exceeded quota/, 'QuotaExceeded'],
  [/service ?account .*not found/i, 'MissingServiceAccount'],
  [/RuntimeClass .*not found/, 'MissingRuntimeClass'],
  [/no PriorityClass with name/, 'MissingPriorityClass'],
];

/** Why a Job has no pod at all: the words of the admission that refuses it, as the Job's controller repeats them. */
export function withoutPods({ reason: said, message }: Explanation, since: string): Problem {
  if (said === notTold) return { reason: 'PodNotStarted', message, since };
  const reason = refusals.find(([pattern]) => pattern.test(message))?.[1] ?? 'PodRefused';
  // Each try has a pod of another name, and the status is to stand still: the end that the API server gives to names goes.
  const words = message.replace(/(pods "[^"]*-)[b-df-hj-np-tv-xz2456789]{5}"/, '$1…"');
  return { reason, message: words, since };
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
