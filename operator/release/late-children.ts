/**
 * Children that should be in the caches and are not: because a cache is behind the others, or because somebody took their
 * labels away, by which caches find them. What would be concluded from their absence (a record that is lost, a Job that was
 * deleted) is not undone again, so that the API server is asked first.
 */
import type { ControllerRevision, Job } from '../api/kubernetes.ts';
import { isOwnedBy, managedBy, managedByLabel, releaseLabel } from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import type { KubernetesObject } from '../kube/object.ts';
import type { Objects } from '../kube/objects.ts';
import { controllerRevisions, jobs as jobResource, type Resource } from '../kube/resource.ts';

interface Known {
  modelRelease: ModelRelease;
  records: readonly ControllerRevision[];
  jobs: readonly Job[];
}

interface Late {
  records: ControllerRevision[];
  jobs: Job[];
  /** Releases that have Jobs and, it is certain, no record. */
  lost: string[];
  /** Jobs of ours without their labels: caches will never tell of them. */
  strays: Job[];
}

/** So many lost records are looked for in one go; the others wait for the next. */
const mostRecords = 20;

/** Asks the API server for them; empty, and without a request, where the caches are as they should be. Throws ApiError. */
export async function lateChildren(
  { modelRelease, records, jobs }: Known,
  objects: Pick<Objects, 'get'>,
): Promise<Late> {
  const { namespace = '' } = modelRelease.metadata;
  const get = async <T extends KubernetesObject>(resource: Resource, name: string) => {
    const found = await objects.get<T>(resource, { namespace, name });
    return found && isOwnedBy(found, modelRelease) ? [found] : [];
  };
  const recorded = new Set(records.map(({ metadata }) => metadata.name));
  const releases = jobs
    .filter((job) => isOwnedBy(job, modelRelease))
    .flatMap(({ metadata }) => metadata.labels?.[releaseLabel] ?? [])
    .filter((release) => !recorded.has(release));
  const missing = [...new Set(releases)].slice(0, mostRecords);
  const named = modelRelease.status?.run?.job;
  const isCached = named === undefined || jobs.some(({ metadata }) => metadata.name === named);
  const [foundRecords, foundJobs] = await Promise.all([
    Promise.all(missing.map((release) => get<ControllerRevision>(controllerRevisions, release))),
    isCached ? [] : get<Job>(jobResource, named),
  ]);
  const isLabelled = ({ metadata }: Job) => metadata.labels?.[managedByLabel] === managedBy;
  return {
    records: foundRecords.flat(),
    lost: missing.filter((_, at) => foundRecords[at]?.length === 0),
    jobs: foundJobs.filter(isLabelled),
    strays: foundJobs.filter((job) => !isLabelled(job)),
  };
}
