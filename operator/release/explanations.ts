/**
 * The kubelet's and the Job controller's reasons for a pod that does not come on: a Secret that cannot be mounted, a quota. They
 * stand in Events only, which nobody watches in bulk: they are asked for where something is stuck, and only then.
 */
import type { Job, Pod } from '../api/kubernetes.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Transport } from '../kube/transport.ts';
import { endedBy } from './failures.ts';
import type { Explanation } from './observation.ts';
import { askKueue, queueOf } from './queue.ts';
import { hasEnded, isOver } from './step-state.ts';
import { notTold } from './waiting.ts';

/** What starts within this time needs no explanation. */
const patienceMs = 10_000;

/** Nobody watches Events: while something is stuck, they are asked for again after this time. */
export const explainAgainMs = 15_000;

/** A pod or a Job that should have come on by now, and whose own status does not say why it did not. */
interface Puzzle {
  about: Job | Pod;
  /** RFC 3339: what was said before is of something else. */
  after: string;
  /** For how long a warning counts that is not repeated; undefined: for good. */
  lastsMs?: number;
  /** Where Kueue holds it back. */
  queue?: string | undefined;
}

/**
 * The Job controller tries to make a pod again within a minute, and its warnings come through every five minutes at least (client-go's
 * limit for events about one object). An older one is of a pod that came after all, and has gone since.
 */
const jobWarningLastsMs = 600_000;

export function puzzles(jobs: readonly Job[], pods: readonly Pod[]): Puzzle[] {
  const stuckJobs = jobs.flatMap((job): Puzzle[] => {
    if (hasEnded(job)) return [];
    const own = pods.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid),
    );
    const queue = queueOf(job);
    // Also while a pod still ends that had to give its place back.
    if (queue !== undefined) return [{ about: job, after: '', queue }];
    if (own.some((pod) => !isOver(pod))) return [];
    if (job.spec?.suspend || job.status?.succeeded || isEnding(job)) return [];
    const ends = own.map((pod) => endedBy(pod)?.since ?? '');
    const after = ends.toSorted().at(-1) ?? '';
    return [{ about: job, after, lastsMs: jobWarningLastsMs }];
  });
  const stuckPods = pods
    .filter(isMute)
    .map((about): Puzzle => ({ about, after: scheduledAt(about) }));
  return [...stuckJobs, ...stuckPods];
}

/** Kubernetes knows how the Job ends, and only waits for its pods: no other pod is to come. */
function isEnding({ status }: Job): boolean {
  return (status?.conditions ?? []).some(
    (each) =>
      each.status === 'True' &&
      (each.type === 'SuccessCriteriaMet' || each.type === 'FailureTarget'),
  );
}

/** The scheduler's warnings before are of a wait that is over. */
function scheduledAt({ status }: Pod): string {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.lastTransitionTime ?? '';
}

/** It has a node, and nothing is known of why it does not start there. */
function isMute({ status }: Pod): boolean {
  if (status?.phase !== 'Pending') return false;
  const { conditions = [], initContainerStatuses = [], containerStatuses = [] } = status;
  if (containerStatuses.length === 0)
    return conditions.some(
      ({ type, status: value }) => type === 'PodScheduled' && value === 'True',
    );
  return [...initContainerStatuses, ...containerStatuses].some(({ state }) =>
    ['ContainerCreating', 'PodInitializing'].includes(state?.waiting?.reason ?? ''),
  );
}

interface CoreEvent {
  type?: string;
  reason?: string;
  message?: string;
  lastTimestamp?: string;
  eventTime?: string;
  series?: { lastObservedTime?: string };
  metadata: { creationTimestamp: string };
}

/** The newest warning about each of them by UID, undefined where there is none yet. Throws ApiError. */
export async function explain(
  stuck: readonly Puzzle[],
  now: Date,
  transport: Pick<Transport, 'request'>,
): Promise<Map<string, Explanation | undefined>> {
  const isOld = ({ about }: Puzzle) =>
    now.getTime() - Date.parse(about.metadata.creationTimestamp) >= patienceMs;
  const found = stuck.map(async (puzzle): Promise<[string, Explanation | undefined]> => {
    const { about, queue } = puzzle;
    const ask = () =>
      queue === undefined
        ? newestWarning(puzzle, now, transport).catch(forbidden)
        : askKueue(about as Job, queue, transport).catch(notAnswered);
    return [about.metadata.uid, isOld(puzzle) ? await ask() : undefined];
  });
  return new Map(await Promise.all(found));
}

async function newestWarning(
  { about: { metadata }, after, lastsMs = Number.POSITIVE_INFINITY }: Puzzle,
  now: Date,
  transport: Pick<Transport, 'request'>,
): Promise<Explanation | undefined> {
  const { items } = await transport.request<{ items: CoreEvent[] }>({
    method: 'GET',
    // core/v1 and not events.k8s.io: only there can Events be selected by what they are about.
    path: `/api/v1/namespaces/${metadata.namespace}/events`,
    query: { fieldSelector: `involvedObject.uid=${metadata.uid},type=Warning`, limit: 100 },
  });
  const last = items.toSorted((one, other) => seenAt(one).localeCompare(seenAt(other))).at(-1);
  if (!last || seenAt(last) < after) return undefined;
  if (now.getTime() - Date.parse(seenAt(last)) > lastsMs) return undefined;
  return {
    reason: last.reason ?? '',
    message: last.message ?? '',
    since: last.metadata.creationTimestamp,
  };
}

/** An operator that may not read Events still works: the status then says that instead of the cause. */
function forbidden(error: unknown): Explanation {
  if (!(error instanceof ApiError) || error.status !== 403) throw error;
  return { reason: notTold, message: error.message, since: '' };
}

/** A Kueue that is ill, its conversion webhook for example, holds up what waits for it and nothing else of the ModelRelease. */
function notAnswered(error: unknown): Explanation {
  if (!(error instanceof ApiError)) throw error;
  return { reason: 'Queued', message: `Kueue could not be asked: ${error.message}`, since: '' };
}

function seenAt({ series, lastTimestamp, eventTime, metadata }: CoreEvent): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
}
