/** What a TypeScript operator needs from a Kubernetes client: nothing in this folder knows any custom resource. */
export { ApiError, hasReason } from './api-error.ts';
export {
  type Connection,
  inClusterConnection,
  kubeconfigConnection,
} from './connection.ts';
export { classify, type Outcome, ReconcileError } from './errors.ts';
export { createEventRecorder, type EventNote, type EventRecorder } from './events.ts';
export { createEngineMetrics, type EngineMetrics } from './metrics.ts';
export type {
  KubernetesObject,
  ObjectMeta,
  ObjectName,
  OwnerReference,
  Stored,
  Wire,
} from './object.ts';
export { keyOf, nameOf } from './object.ts';
export {
  type Cache,
  type Change,
  type IndexFunction,
  labelIndex,
  ownerIndex,
} from './object-cache.ts';
export { createObjects, type Known, type Objects, type RemoveOptions } from './objects.ts';
export { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
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
export {
  type ApiRequest,
  createTransport,
  type Exchange,
  type Transport,
  type TransportOptions,
} from './transport.ts';
export {
  createWorkQueue,
  type Reconcile,
  type ReconcileResult,
  type WorkQueue,
} from './work-queue.ts';
