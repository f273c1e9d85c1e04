/** What a TypeScript operator needs from a Kubernetes client: nothing in this folder knows any custom resource. */
export { ApiError, hasReason } from './api-error.ts';
export { classify, type Outcome, ReconcileError } from './errors.ts';
export type { EventNote, EventRecorder } from './events.ts';
export type {
  KubernetesObject,
  ObjectMeta,
  ObjectName,
  OwnerReference,
  Stored,
  Wire,
} from './object.ts';
export { keyOf, nameOf } from './object.ts';
export { createObjects, type Known, type Objects, type RemoveOptions } from './objects.ts';
export type { Cache, Change, IndexFunction, Reflector, ReflectorOptions } from './reflector.ts';
export {
  controllerRevisions,
  deployments,
  events,
  jobs,
  pathOf,
  pods,
  type Resource,
  services,
} from './resource.ts';
export type { ApiRequest, Transport } from './transport.ts';
export type { Reconcile, ReconcileResult, WorkQueue } from './work-queue.ts';
