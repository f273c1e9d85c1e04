/**
 * A pod whose node does not answer any more. podReplacementPolicy Failed lets no second pod begin before the first is known to be
 * over, and only its node can tell, or a person: Kubernetes itself never deletes a node that is silent. So the wait is said, with
 * what ends it, and it has an end of its own.
 *
 * The run may be given up although the pod might still work behind a broken network: the kubelet there ends it at its deadline,
 * and what it publishes until then is of a release that failed. Nobody judges that release, so it never serves, and the next
 * run's has another name; a second writer of the same name would be refused by the manifest's If-None-Match.
 */
import type { Pod } from '../api/kubernetes.ts';
import { timestamp } from '../api/names.ts';
import type { Problem } from './failures.ts';

/** What a pod has from its deadline, or from being told to stop, to its end. Kubernetes' default, which Jobs of ours keep. */
const graceSeconds = 30;
/** A kubelet that is only slow is no lost one. */
const marginSeconds = 60;

export interface Limits {
  activeDeadlineSeconds: number;
  schedulingTimeoutSeconds: number;
}

/** How a pod that is not over stands with its node. */
export interface Reach {
  /** Undefined while nothing is wrong. */
  problem: Problem | undefined;
  /** When its node will have ended it if it lives: nothing is to be hoped for after that. */
  until: Date;
  /** When to look again though nobody will tell. */
  wakeAt: Date;
}

export function reachOf(pod: Pod, limits: Limits, now: Date): Reach {
  const { deletionTimestamp, creationTimestamp } = pod.metadata;
  const { startTime } = pod.status ?? {};
  const until = startTime
    ? after(startTime, limits.activeDeadlineSeconds + graceSeconds + marginSeconds)
    : after(creationTimestamp, limits.schedulingTimeoutSeconds);
  // The API server sets it to the time at which the grace period is over.
  const goneBy = deletionTimestamp && after(deletionTimestamp, marginSeconds);
  const silence = silentSince(pod);
  const wakeAt = goneBy && goneBy > now && goneBy < until ? goneBy : until;
  const words = (since: string, what: string): Problem => ({
    reason: 'NodeLost',
    since,
    message: `${nodeOf(pod)} does not answer: pod ${pod.metadata.name} ${what}. If the node is gone for good, delete its Node object, or put the taint node.kubernetes.io/out-of-service=nodeshutdown:NoExecute on it; the step then begins anew.`,
  });
  if (deletionTimestamp && goneBy && now >= goneBy) {
    const problem = words(
      timestamp(new Date(deletionTimestamp)),
      'was to be gone by then and is not',
    );
    return { problem, until, wakeAt };
  }
  if (startTime && now >= until) {
    const ends = after(startTime, limits.activeDeadlineSeconds);
    return {
      problem: words(timestamp(ends), 'ran into its time limit and was not ended'),
      until,
      wakeAt,
    };
  }
  const problem = silence ? words(silence, 'may still work there, unseen') : undefined;
  return { problem, until, wakeAt };
}

/** The node controller takes readiness away from the pods of a silent node; their containers stay ready, as the kubelet said last. */
function silentSince({ metadata, status }: Pod): string | undefined {
  const { phase, conditions = [], containerStatuses = [] } = status ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (phase !== 'Running' || ready?.status !== 'False' || containerStatuses.length === 0)
    return undefined;
  if (containerStatuses.some((each) => !each.ready)) return undefined;
  return timestamp(new Date(ready.lastTransitionTime ?? metadata.creationTimestamp));
}

export function nodeOf({ spec }: Pod): string {
  return spec?.nodeName ? `Node ${spec.nodeName}` : 'The node';
}

function after(time: string, seconds: number): Date {
  return new Date(Date.parse(time) + seconds * 1000);
}
