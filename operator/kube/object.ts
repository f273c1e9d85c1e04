import type { ManagedFields } from './field-ownership.ts';

/** The reference that makes garbage collection remove a child with its owner. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata as it is on the wire: times are RFC 3339 strings, not Dates. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** What the API server fills in: an object that was read, not built. */
export interface StoredMeta extends ObjectMeta {
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  /** Only in what the API server answered just now: caches leave it out. */
  managedFields?: ManagedFields[];
}

export type Stored<T extends KubernetesObject> = T & { metadata: StoredMeta };

type Json<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

/**
 * A model type of @kubernetes/client-node as it is on the wire (`type Job = Wire<V1Job>`). Its generated classes
 * promise Dates that only its own deserializer makes; we read and write raw JSON.
 */
export type Wire<T> = KubernetesObject & Json<Omit<T, 'apiVersion' | 'kind' | 'metadata'>>;

export interface ObjectName {
  namespace?: string;
  name: string;
}

/** `namespace/name`, or `name` for what is cluster-scoped: the key of caches and queues. */
export function keyOf({ namespace, name }: ObjectName): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** The way back from keyOf. */
export function nameOf(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
