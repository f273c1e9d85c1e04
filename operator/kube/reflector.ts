import type { KubernetesObject, ObjectName, Stored } from './object.ts';
import type { Resource } from './resource.ts';
import type { Transport } from './transport.ts';

/** What happened to one object of the cache: no `object` means that it is gone, no `previous` that it is new. */
export interface Change<T extends KubernetesObject> {
  key: string;
  object: Stored<T> | undefined;
  previous: Stored<T> | undefined;
}

/** Reading side of a reflector: what observers need. Every object is frozen, all the way down. */
export interface Cache<T extends KubernetesObject> {
  get(name: ObjectName): Stored<T> | undefined;
  list(): Stored<T>[];
  /** The objects to which the named index function gives this value. */
  by(index: string, value: string): Stored<T>[];
}

/** From an object to the values under which an index finds it. */
export type IndexFunction<T extends KubernetesObject> = (object: Stored<T>) => string[];

export interface ReflectorOptions<T extends KubernetesObject> {
  transport: Transport;
  resource: Resource;
  /** All namespaces, if not said otherwise. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  indexes?: Record<string, IndexFunction<T>>;
  onChange?: (change: Change<T>) => void;
  /** Trims an object before it is kept. managedFields are dropped anyway. */
  transform?: (object: Stored<T>) => Stored<T>;
}

/** A local copy of a collection, kept current by list and watch. */
export interface Reflector<T extends KubernetesObject> extends Cache<T> {
  /** Ends when the signal does; only then. */
  run(signal: AbortSignal): Promise<void>;
  /** Fulfilled after the first complete list. */
  synced: Promise<void>;
  hasSynced(): boolean;
}

export declare function createReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
): Reflector<T>;
