/**
 * The kubelet's and the Job controller's reasons for a pod that does not come on: a Secret that cannot be mounted, a quota. They
 * stand in Events only, which nobody watches in bulk: they are asked for where something is stuck, and only then.
 */
import type { Job, Pod } from '../api/kubernetes.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Transport } from '../kube/transport.ts';
import type { Explanation } from './observation.ts';

/** What starts within this time needs no explanation. */
const patienceMs = 10_000;

/** Nobody watches Events: while something is stuck, they are asked for again after this time. */
export const explainAgainMs = 15_000;

interface Puzzle {
  metadata: { namespace?: string; uid: string; creationTimestamp: string };
}

/** The pods and Jobs that should have come on by now, and whose own status does not say why they did not. */
export function puzzles(jobs: readonly Job[], pods: readonly Pod[]): Puzzle[] {
  const owners = new Set(
    pods.flatMap(({ metadata }) => metadata.ownerReferences ?? []).map(({ uid }) => uid),
  );
  const stuckJobs = jobs.filter(
    ({ metadata, status }) =>
      !owners.has(metadata.uid) &&
      !status?.conditions?.length &&
      !status?.succeeded &&
      !status?.failed,
  );
  const stuckPods = pods.filter(({ status }) => {
    if (status?.phase !== 'Pending') return false;
    return (status.containerStatuses ?? []).some(({ state }) =>
      ['ContainerCreating', 'PodInitializing'].includes(state?.waiting?.reason ?? ''),
    );
  });
  return [...stuckJobs, ...stuckPods];
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
  const isOld = ({ metadata }: Puzzle) =>
    now.getTime() - Date.parse(metadata.creationTimestamp) >= patienceMs;
  const found = stuck.map(
    async (puzzle): Promise<[string, Explanation | undefined]> => [
      puzzle.metadata.uid,
      isOld(puzzle) ? await newestWarning(puzzle, transport).catch(forbidden) : undefined,
    ],
  );
  return new Map(await Promise.all(found));
}

async function newestWarning(
  { metadata }: Puzzle,
  transport: Pick<Transport, 'request'>,
): Promise<Explanation | undefined> {
  const { items } = await transport.request<{ items: CoreEvent[] }>({
    method: 'GET',
    // core/v1 and not events.k8s.io: only there can Events be selected by what they are about.
    path: `/api/v1/namespaces/${metadata.namespace}/events`,
    query: { fieldSelector: `involvedObject.uid=${metadata.uid},type=Warning`, limit: 100 },
  });
  const last = items.toSorted((one, other) => seenAt(one).localeCompare(seenAt(other))).at(-1);
  if (!last) return undefined;
  return {
    reason: last.reason ?? '',
    message: last.message ?? '',
    since: last.metadata.creationTimestamp,
  };
}

/** An operator that may not read Events still works: the status then says that instead of the cause. */
function forbidden(error: unknown): Explanation {
  if (!(error instanceof ApiError) || error.status !== 403) throw error;
  return { reason: 'Unknown', message: error.message, since: '' };
}

function seenAt({ series, lastTimestamp, eventTime, metadata }: CoreEvent): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
}
