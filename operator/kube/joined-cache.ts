import type { KubernetesObject } from './object.ts';
import type { Cache } from './object-cache.ts';

/** The caches of several namespaces as one; each holds the objects of its own and no others. */
export function joinCaches<T extends KubernetesObject>(
  byNamespace: ReadonlyMap<string, Cache<T>>,
): Cache<T> {
  const parts = [...byNamespace.values()];
  return {
    get: (name) => byNamespace.get(name.namespace ?? '')?.get(name),
    list: () => parts.flatMap((part) => part.list()),
    size: () => parts.reduce((sum, part) => sum + part.size(), 0),
    by: (index, value) => parts.flatMap((part) => part.by(index, value)),
  };
}
