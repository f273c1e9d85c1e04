import type {
  ControllerRevision,
  ControllerRevisionObject,
  Deployment,
  DeploymentObject,
  Job,
  JobObject,
  Service,
  ServiceObject,
} from '../api/kubernetes.ts';
import { isOwnedBy, managedBy, managedByLabel } from '../api/metadata.ts';
import { type ModelRelease, modelReleases } from '../api/model-release.ts';
import { hasReason } from '../kube/api-error.ts';
import { classify, ReconcileError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubernetesObject, ObjectName, Stored } from '../kube/object.ts';
import type { Objects } from '../kube/objects.ts';
import {
  controllerRevisions,
  deployments,
  jobs,
  type Resource,
  services,
} from '../kube/resource.ts';
import { type Observation, type Plan, writeOf } from './observation.ts';

export interface Means {
  objects: Objects;
  recorder: EventRecorder;
  /** Told of every object that was written, so that the next decision waits until the caches know it. */
  written: (object: Stored<KubernetesObject>) => void;
  removed: (object: Stored<KubernetesObject>) => void;
}

const resources: Record<string, Resource> = {
  ControllerRevision: controllerRevisions,
  Job: jobs,
  Deployment: deployments,
  Service: services,
};

/**
 * Carries out a plan, in its order: a run is recorded before its first Job, what became known before what follows from it. The
 * first error ends it; what was done by then is seen at the next look, and the rest decided anew. Only a Deployment or Service
 * that is not taken as long as nobody changes it, as a wrong spec.serving, does not hold up what has to go: a GPU is not kept by it.
 * An event follows the write that it tells of at once: once that write is seen, nothing tells of it any more.
 */
export async function execute(plan: Plan, seen: Observation, means: Means): Promise<void> {
  const { objects, recorder, written, removed } = means;
  const owner = seen.modelRelease;
  const tell = ({ kind, metadata }: KubernetesObject) => {
    const write = writeOf(kind, metadata.name);
    for (const { tellsOf, ...event } of plan.events)
      if (tellsOf === write) recorder.record({ ...event, regarding: referenceTo(owner) });
  };
  for (const record of plan.begin) {
    written(await beginRun(record, owner, objects));
    tell(record);
  }
  for (const { record, annotations } of plan.note) {
    written(await objects.patchAnnotations(controllerRevisions, record, annotations));
    tell(record);
  }
  for (const job of plan.create) {
    const { live, isNew } = await createJob(job, owner, objects);
    written(live);
    if (isNew) tell(job);
  }
  let refused: unknown;
  for (const object of plan.apply) {
    try {
      written(await applyOurs(object, seen, objects));
      tell(object);
    } catch (error) {
      if (!needsAPerson(error)) throw error;
      refused ??= error;
    }
  }
  for (const object of plan.remove) {
    // As it was when this was decided: what has changed since may have to stay.
    const wasThere = await objects.remove(resourceOf(object), object, { onlyIfUnchanged: true });
    removed(object);
    if (wasThere) tell(object);
  }
  if (refused !== undefined) throw refused;
}

function needsAPerson(error: unknown): boolean {
  const known = classify(error);
  return known !== undefined && known.outcome !== 'Transient';
}

/** The status alone: also after a plan that could not be carried out, so that people learn why. */
export async function writeStatus(
  plan: Plan,
  owner: Stored<ModelRelease>,
  { objects, written }: Means,
): Promise<void> {
  if (plan.status) written(await objects.updateStatus(modelReleases, owner, plan.status));
}

/** A record that is there already was written by us in a moment that the cache does not know yet: look again, decide anew. */
async function beginRun(
  record: ControllerRevisionObject,
  owner: ModelRelease,
  objects: Objects,
): Promise<Stored<KubernetesObject>> {
  try {
    return await objects.create(controllerRevisions, record);
  } catch (error) {
    const { name } = record.metadata;
    if (!hasReason(error, 'AlreadyExists')) throw error;
    const live = await objects.get<ControllerRevision>(controllerRevisions, nameOf(record));
    if (live && !isOwnedBy(live, owner)) throw nameTaken('ControllerRevision', name, error);
    if (live && !isWatched(live)) throw labelsLost('ControllerRevision', name, error);
    throw cacheBehind(record, error);
  }
}

/** The same record gives the same Job: one that is there already, and ours, is as good as a new one. */
async function createJob(
  job: JobObject,
  owner: ModelRelease,
  objects: Objects,
): Promise<{ live: Stored<KubernetesObject>; isNew: boolean }> {
  try {
    return { live: await objects.create(jobs, job), isNew: true };
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) throw error;
    const live = await objects.get<Job>(jobs, nameOf(job));
    if (live && isOwnedBy(live, owner)) {
      if (isWatched(live)) return { live, isNew: false };
      throw labelsLost('Job', job.metadata.name, error);
    }
    throw nameTaken('Job', job.metadata.name, error);
  }
}

/**
 * Creates or applies what is ours. What is not there is created by POST, because an apply would as well change what another
 * operator made in this moment. What is there is read, and applied to as it was read: when it is another one, or another version,
 * than that on which the decision was made, there is nothing to carry out.
 */
async function applyOurs(
  object: DeploymentObject | ServiceObject,
  seen: Observation,
  objects: Objects,
): Promise<Stored<KubernetesObject>> {
  const resource = resourceOf(object);
  // The caches hold what bears our labels: somebody may have taken them away.
  const live = await objects.get<Deployment | Service>(resource, nameOf(object));
  const cached =
    object.kind === 'Deployment'
      ? seen.deployment
      : seen.services.find(({ metadata }) => metadata.name === object.metadata.name);
  if (live && !isOwnedBy(live, seen.modelRelease))
    throw nameTaken(object.kind, object.metadata.name);
  if (cached && cached.metadata.resourceVersion !== live?.metadata.resourceVersion)
    throw cacheBehind(object);
  if (live) return objects.applyTo(resource, live, object);
  try {
    return await objects.create(resource, object);
  } catch (error) {
    throw hasReason(error, 'AlreadyExists') ? cacheBehind(object, error) : error;
  }
}

function cacheBehind({ kind, metadata }: KubernetesObject, cause?: unknown): ReconcileError {
  const message = `${kind} ${metadata.name} is not in the cache as it is.`;
  return new ReconcileError('Transient', 'CacheBehind', message, { cause });
}

function nameTaken(kind: string, name: string, cause?: unknown): ReconcileError {
  const message = `${kind} ${name} exists and belongs to somebody else: delete it or rename it.`;
  return new ReconcileError('Waiting', 'NameTaken', message, { cause });
}

/** Without this label no cache would ever tell of it. */
function isWatched({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[managedByLabel] === managedBy;
}

function labelsLost(kind: string, name: string, cause: unknown): ReconcileError {
  const message = `${kind} ${name} lost the label ${managedByLabel}=${managedBy}, by which it is watched: put it back or delete the ${kind}.`;
  return new ReconcileError('Waiting', 'NameTaken', message, { cause });
}

function resourceOf({ kind }: { kind: string }): Resource {
  const resource = resources[kind];
  if (!resource) throw new Error(`There is no resource for kind ${kind}.`);
  return resource;
}

function nameOf({ metadata }: KubernetesObject): ObjectName {
  const { name, namespace } = metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

/** As much of the object as an event needs. */
function referenceTo({ apiVersion, kind, metadata }: ModelRelease): KubernetesObject {
  return { apiVersion, kind, metadata };
}
