/** Why a pod ended badly: told apart by what it says of itself, and by what the cluster says of it, in their own words. */
import { exitCodes, failureMessageSchema } from '@shelfwise/trainer-contract/messages';
import type { ContainerStatus, Pod } from '../api/kubernetes.ts';
import { timestamp } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import { stepContainer } from './jobs.ts';
import { servingContainer } from './serving-template.ts';

export interface Problem {
  reason: Reason;
  message: string;
  /** RFC 3339. */
  since: string;
  /** Waiting longer cannot help. */
  hopeless?: true;
}

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** Why a pod ended badly; undefined when it did not. */
export function endedBy(pod: Pod): Problem | undefined {
  const { phase, reason, message, conditions = [] } = pod.status ?? {};
  const { ended, added } = lastEnd(pod);
  const since = asTime(ended?.finishedAt) ?? pod.metadata.creationTimestamp;
  if (reason === 'DeadlineExceeded') {
    return { reason, message: message ?? 'The pod ran longer than it may.', since };
  }
  const disruption = disrupted(reason, message, conditions);
  if (ended && added === undefined && ended.exitCode !== 0) {
    const stated = byExitCode(ended);
    // The step knows best, unless it was only told to stop: then who told it does.
    const knows = !['Interrupted', 'StepCrashed', 'Killed'].includes(stated.reason);
    return { ...((knows ? undefined : disruption) ?? stated), since };
  }
  if (phase !== 'Failed') return undefined;
  if (disruption) return { ...disruption, since };
  if (ended && added !== undefined) {
    const words = `Container ${added}, which is not Shelfwise's: ${byExitCode(ended).message}`;
    return { reason: 'SidecarFailed', message: words, since };
  }
  // Only the kubelet gives a pod a reason of its own before a container of it began: it does not take it in.
  if (reason !== undefined) {
    return {
      reason: 'NodeRefused',
      message: `${reason}: ${message ?? 'no more was said.'}`,
      since,
    };
  }
  return { reason: 'StepCrashed', message: message ?? 'The pod failed without a word.', since };
}

/** How a pod's own container ended; or, where it never began, another one that the cluster put into the pod. */
function lastEnd({ status }: Pod): { ended?: Terminated | undefined; added?: string } {
  const { initContainerStatuses = [], containerStatuses = [] } = status ?? {};
  const own = containerStatuses.find(({ name }) => name === stepContainer)?.state?.terminated;
  if (own) return { ended: own };
  for (const { name, state } of [...initContainerStatuses, ...containerStatuses]) {
    if (state?.terminated && state.terminated.exitCode !== 0)
      return { ended: state.terminated, added: name };
  }
  return {};
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
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return { reason: 'ContainerNotStarted', message: words || `The runtime says ${reason}.` };
  }
  if (name !== undefined) {
    return {
      reason: name as Reason,
      message: words || `The step ended with exit code ${exitCode} (${name}).`,
    };
  }
  const end = signals[exitCode];
  if (end) return { reason: end.reason, message: `${end.message}${words ? ` ${words}` : ''}` };
  return {
    reason: 'StepCrashed',
    message: `The container ended with exit code ${exitCode}${words ? `: ${words}` : '.'}`,
  };
}

/** 128 + the number of a signal: what a runtime reports of a process that did not end by itself. */
const signals: Partial<Record<number, Pick<Problem, 'reason' | 'message'>>> = {
  137: {
    reason: 'Killed',
    message:
      'The container was killed (SIGKILL, exit code 137) without having reached its own memory limit.',
  },
  143: {
    reason: 'Interrupted',
    message: 'The container was told to stop (SIGTERM, exit code 143).',
  },
};

/** The serving pod that will never be ready: it looked at the model tar and refused it, in the words of its last end. */
export function refusalOf(pod: Pod): string | undefined {
  for (const { name, state, lastState } of pod.status?.containerStatuses ?? []) {
    // What the cluster put into the pod knows nothing of models, and may end with any code.
    if (name !== servingContainer) continue;
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
  if (nodeIsGone.includes(reason ?? '') || nodeIsGone.includes(why?.reason ?? '')) {
    return { reason: 'NodeLost', message: words };
  }
  if (reason === 'Preempting' || why?.reason === 'PreemptionByScheduler') {
    return { reason: 'Preempted', message: words };
  }
  if (reason === 'Evicted' && wroteTooMuch.test(words)) {
    return { reason: 'ScratchFull', message: words };
  }
  return reason === 'Evicted' || why ? { reason: 'Evicted', message: words } : undefined;
}

/** Of pods, and of the condition DisruptionTarget: no node runs the pod any more, or it shuts down. */
const nodeIsGone = [
  'NodeLost',
  'DeletionByPodGC',
  'DeletionByTaintManager',
  'Terminated',
  'NodeShutdown',
];
/** The kubelet's words for a pod that wrote more than its own limits allow; nobody else is to blame. */
const wroteTooMuch =
  /EmptyDir volume .* exceeds the limit|ephemeral local storage usage exceeds|exceeded its local ephemeral storage limit/;

function failure(message: string): { message: string } | undefined {
  try {
    return failureMessageSchema.safeParse(JSON.parse(message)).data;
  } catch {
    // No JSON: the end of the log, which the kubelet puts there when a container left no message.
    return undefined;
  }
}

/** The end of a log, where an error stands before its stack and the runtime's version. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => line !== '' && !/^(at |Node\.js v)/.test(line));
  return telling.at(-1) ?? '';
}

function asTime(time: string | undefined): string | undefined {
  return Number.isNaN(Date.parse(time ?? '')) ? undefined : timestamp(new Date(time ?? ''));
}
