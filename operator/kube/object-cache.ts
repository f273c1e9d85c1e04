import { type KubernetesObject, keyOf, type ObjectName, type Stored } from './object.ts';

/** The reading side of a cache. Every object is frozen, all the way down: what reads it can't spoil it for others. */
export interface Cache<T extends KubernetesObject> {
  get(name: ObjectName): Stored<T> | undefined;
  list(): Stored<T>[];
  size(): number;
  /** The objects to which the index function of that name gives this value. */
  by(index: string, value: string): Stored<T>[];
}

/** From an object to the values under which the index finds it. */
export type IndexFunction<T extends KubernetesObject> = (object: Stored<T>) => string[];

/** What happened to one object: no `object` means that it is gone, no `previous` that it is new. */
export interface Change<T extends KubernetesObject> {
  key: string;
  object: Stored<T> | undefined;
  previous: Stored<T> | undefined;
  /** Only seen, not known to have happened: it stood in the first list after the start. */
  initial?: true;
}

export interface ObjectCache<T extends KubernetesObject> extends Cache<T> {
  /** Both answer the change, or undefined where there was none. */
  put(object: Stored<T>): Change<T> | undefined;
  drop(name: ObjectName): Change<T> | undefined;
  /**
   * Makes the cache hold these objects and no other. `rewound`: the server's history began anew at an earlier point, so that the
   * same version may mean another object than before.
   */
  replace(objects: Stored<T>[], options?: { rewound?: boolean }): Change<T>[];
}

/** Finds an object by the UIDs of its owners. */
export const ownerIndex: IndexFunction<KubernetesObject> = ({ metadata }) =>
  (metadata.ownerReferences ?? []).map((owner) => owner.uid);

/** Finds an object by a label of its own, within its namespace: `namespace/value`. */
export function labelIndex(label: string): IndexFunction<KubernetesObject> {
  return ({ metadata: { namespace, labels } }) => {
    const value = labels?.[label];
    return value === undefined ? [] : [keyOf({ ...(namespace ? { namespace } : {}), name: value })];
  };
}

export function createObjectCache<T extends KubernetesObject>(
  indexFunctions: Record<string, IndexFunction<T>> = {},
): ObjectCache<T> {
  const objects = new Map<string, Stored<T>>();
  const indexes = new Map(
    Object.entries(indexFunctions).map(([name, valuesOf]) => [
      name,
      { valuesOf, keys: new Map<string, Set<string>>() },
    ]),
  );

  function reindex(
    key: string,
    previous: Stored<T> | undefined,
    object: Stored<T> | undefined,
  ): void {
    for (const { valuesOf, keys } of indexes.values()) {
      for (const value of previous ? valuesOf(previous) : []) {
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
      for (const value of object ? valuesOf(object) : []) {
        const set = keys.get(value);
        if (set) set.add(key);
        else keys.set(value, new Set([key]));
      }
    }
  }

  function put(object: Stored<T>, rewound = false): Change<T> | undefined {
    const key = keyOf(object.metadata);
    const previous = objects.get(key);
    if (previous && !rewound && isSame(previous, object)) return undefined;
    objects.set(key, deepFreeze(object));
    reindex(key, previous, object);
    return { key, object, previous };
  }

  function drop(name: ObjectName): Change<T> | undefined {
    const key = keyOf(name);
    const previous = objects.get(key);
    if (!previous) return undefined;
    objects.delete(key);
    reindex(key, previous, undefined);
    return { key, object: undefined, previous };
  }

  return {
    put: (object) => put(object),
    drop,
    replace(latest, { rewound = false } = {}) {
      const kept = new Set(latest.map(({ metadata }) => keyOf(metadata)));
      const gone = [...objects.values()].filter(({ metadata }) => !kept.has(keyOf(metadata)));
      return [
        ...gone.map(({ metadata }) => drop(metadata)),
        ...latest.map((each) => put(each, rewound)),
      ].filter((change) => change !== undefined);
    },
    get: (name) => objects.get(keyOf(name)),
    list: () => [...objects.values()],
    size: () => objects.size,
    by(index, value) {
      const found = indexes.get(index);
      if (!found)
        throw new Error(
          `There is no index "${index}"; there are: ${[...indexes.keys()].join(', ')}.`,
        );
      const keys = found.keys.get(value) ?? [];
      return [...keys].map((key) => objects.get(key)).filter((object) => object !== undefined);
    },
  };
}

/** resourceVersions may only be compared for equality, and mean nothing across two objects of one name. */
function isSame(a: KubernetesObject, b: KubernetesObject): boolean {
  return (
    a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion
  );
}

function deepFreeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
