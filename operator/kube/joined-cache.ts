import type { KubernetesObject } from './object.ts';
import type { Cache } from './object-cache.ts';

/** The caches of several namespaces as one; each holds the objects of its own and no others. */
export function joinCaches<T extends KubernetesObject>(
  byNamespace: ReadonlyMap<string, Cache<T>>,
): Cache<T> {
  // Each time anew: the map may be filled later.
  const all = () => [...byNamespace.values()];
  return {
    get: (name) => byNamespace.get(name.namespace ?? '')?.get(name),
    list: () => all().flatMap((part) => part.list()),
    size: () => all().reduce((sum, part) => sum + part.size(), 0),
    by: (index, value) => all().flatMap((part) => part.by(index, value)),
  };
}
