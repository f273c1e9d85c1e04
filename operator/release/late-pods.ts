/**
 * The pods of a step whose Job is over, where the cache knows none of them: our watch of pods may be behind that of Jobs by as
 * long as it takes to come back after an outage, and without its pod a step's result would count as lost.
 */
import type { Job, Pod } from '../api/kubernetes.ts';
import { listAll } from '../kube/list.ts';
import { pods as podResource } from '../kube/resource.ts';
import type { Transport } from '../kube/transport.ts';
import { isActive, type Run, stepOf } from './run.ts';
import { hasEnded, newestJob } from './step-state.ts';

interface Known {
  runs: readonly Run[];
  jobs: readonly Job[];
  pods: readonly Pod[];
}

/** Asks the API server for them; empty where the cache is enough. Throws ApiError. */
export async function latePods(
  known: Known,
  transport: Pick<Transport, 'request'>,
): Promise<Pod[]> {
  const job = jobWithoutPods(known);
  if (!job) return [];
  const labelSelector = `batch.kubernetes.io/controller-uid=${job.metadata.uid}`;
  const { namespace = '' } = job.metadata;
  return (await listAll<Pod>(transport, { resource: podResource, namespace, labelSelector })).items;
}

function jobWithoutPods({ runs, jobs, pods }: Known): Job | undefined {
  const active = runs.find(isActive);
  const job = active && newestJob(stepOf(active), active, jobs)?.job;
  if (!job || !hasEnded(job)) return undefined;
  const isOfJob = ({ metadata }: Pod) =>
    metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid);
  return pods.some(isOfJob) ? undefined : job;
}
