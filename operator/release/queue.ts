/** What Kueue says of a Job that waits for it. Kueue may be missing: nothing else of the operator knows of it. */
import type { Job } from '../api/kubernetes.ts';
import { queueLabel } from '../api/metadata.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Transport } from '../kube/transport.ts';
import type { Explanation } from './observation.ts';

/** The newest first: older Kueues serve only the second. */
const versions = ['v1beta2', 'v1beta1'];
const jobUidLabel = 'kueue.x-k8s.io/job-uid';

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime: string;
}

/** What is read of a Kueue Workload. */
export interface Workload {
  metadata: { name: string };
  spec?: { active?: boolean };
  status?: {
    conditions?: Condition[];
    admissionChecks?: { name: string; state: string; message?: string }[];
  };
}

/** The queue in which a Job waits to begin; undefined: it waits in none. */
export function queueOf({ metadata, spec }: Job): string | undefined {
  return spec?.suspend === true ? metadata.labels?.[queueLabel] : undefined;
}

/** Asks for the Workload that Kueue made of the Job. Throws ApiError. */
export async function askKueue(
  job: Job,
  queue: string,
  transport: Pick<Transport, 'request'>,
): Promise<Explanation> {
  const { name, namespace, uid } = job.metadata;
  for (const version of versions) {
    const path = `/apis/kueue.x-k8s.io/${version}/namespaces/${namespace}/workloads`;
    const query = { labelSelector: `${jobUidLabel}=${uid}` };
    try {
      const { items } = await transport.request<{ items: Workload[] }>({
        method: 'GET',
        path,
        query,
      });
      const [workload] = items;
      if (workload) return { reason: 'Queued', since: '', message: wordsOf(workload) };
      const message = `Kueue takes no notice of Job ${name}: is batch/job among the frameworks of its configuration, and this namespace among those that it manages?`;
      return { reason: 'Queued', since: '', message };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
  const message = `The cluster has no Kueue that could admit Job ${name} from its LocalQueue ${queue}: install it, or take spec.training.queueName away and run again.`;
  return { reason: 'Queued', since: '', message };
}

/** Why a Workload is not admitted, in Kueue's words. */
export function wordsOf({ metadata, spec, status }: Workload): string {
  const conditions = status?.conditions ?? [];
  const find = (type: string, value: string) =>
    conditions.find((each) => each.type === type && each.status === value);
  const evicted = find('Evicted', 'True');
  if (spec?.active === false) {
    const why = evicted ? `: ${evicted.message}` : '';
    return `Kueue's Workload ${metadata.name} was deactivated${why} (set its spec.active to true to queue it again).`;
  }
  const pending = find('QuotaReserved', 'False');
  const back = evicted
    ? ` It gave its place back at ${evicted.lastTransitionTime} (${evicted.reason}).`
    : '';
  if (pending) return `${sentence(pending.message)}${back}`;
  const checks = (status?.admissionChecks ?? []).filter(({ state }) => state !== 'Ready');
  const open = checks.map(
    ({ name, state, message }) => `${name} is ${state}${message ? `: ${message}` : ''}`,
  );
  if (open.length > 0) return `Quota is reserved; admission checks are open: ${open.join('; ')}.`;
  return find('QuotaReserved', 'True')
    ? 'Kueue has reserved quota and is about to start it.'
    : `Kueue has not looked at it yet.${back}`;
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
