import type { ControllerRevision, Deployment, Job, Pod, Service } from './api/kubernetes.ts';
import { managedBy, managedByLabel, modelReleaseLabel } from './api/metadata.ts';
import { group, kind, type ModelRelease, modelReleases } from './api/model-release.ts';
import { createKept } from './kept.ts';
import type { ApiError } from './kube/api-error.ts';
import { joinCaches } from './kube/joined-cache.ts';
import type { Lane } from './kube/lanes.ts';
import { type KubernetesObject, keyOf, type Stored } from './kube/object.ts';
import { type Cache, type Change, labelIndex } from './kube/object-cache.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './kube/reflector.ts';
import {
  controllerRevisions,
  deployments,
  jobs,
  pods,
  type Resource,
  services,
} from './kube/resource.ts';

/** Local copies of everything that a decision looks at. All but the first find by `namespace/name` of the ModelRelease. */
export interface Caches {
  modelReleases: Cache<ModelRelease>;
  controllerRevisions: Cache<ControllerRevision>;
  jobs: Cache<Job>;
  pods: Cache<Pod>;
  deployments: Cache<Deployment>;
  services: Cache<Service>;
}

/** The name of the index that finds the children of a ModelRelease. */
export const byModelRelease = 'modelRelease';

/** One of the caches, in one namespace or (undefined) in all of them, as what keeps it current. */
export interface Watched extends Pick<Reflector<KubernetesObject>, 'run' | 'synced' | 'hasSynced'> {
  plural: string;
  namespace: string | undefined;
}

interface Wiring extends Pick<ReflectorOptions<KubernetesObject>, 'transport' | 'timing'> {
  observe?: ReflectorOptions<KubernetesObject>['observe'] | undefined;
  /** None: all namespaces, which are watched as one. */
  namespaces?: readonly string[] | undefined;
  onFailure?: (error: ApiError, retryInMs: number, watched: Watched) => void;
}

/** What is watched together. What is missing in one namespace doesn't hold up the others. */
interface Scope {
  namespace: string | undefined;
  watched: Watched[];
  /** Every list is there. Before, a decision on half of it could start a run that was already recorded. */
  isComplete: boolean;
}

/**
 * Watches ModelReleases and what is managed by Shelfwise, and says whose turn it is when one of them changes; of a namespace
 * nothing is said before all of it is known.
 */
export function createCaches(
  { transport, timing, observe, onFailure, namespaces = [] }: Wiring,
  changed: (modelRelease: string, lane?: Lane) => void,
): Caches & { all: Watched[] } {
  const scopes = (namespaces.length === 0 ? [undefined] : [...new Set(namespaces)]).map(
    (namespace): Scope => ({ namespace, watched: [], isComplete: false }),
  );

  function watch<T extends KubernetesObject>(
    resource: Resource,
    whose: (change: Change<T>) => Iterable<string>,
    options: Omit<Partial<ReflectorOptions<T>>, 'namespace'> = {},
  ): Cache<T> {
    const parts = new Map<string, Reflector<T>>();
    const cache = namespaces.length === 0 ? undefined : joinCaches(parts);
    for (const scope of scopes) {
      const { namespace } = scope;
      const reflector = createReflector<T>({
        ...options,
        transport,
        resource,
        ...(timing ? { timing } : {}),
        ...(namespace === undefined ? {} : { namespace }),
        onChange(change) {
          if (scope.isComplete) for (const key of whose(change)) changed(key);
        },
        onFailure: (error, retryInMs) => onFailure?.(error, retryInMs, watched),
        ...(observe ? { observe } : {}),
      });
      const watched: Watched = { plural: resource.plural, namespace, ...reflector };
      parts.set(namespace ?? '', reflector);
      scope.watched.push(watched);
    }
    return cache ?? (parts.get('') as Reflector<T>);
  }

  const children = <T extends KubernetesObject>(
    resource: Resource,
    transform?: (object: Stored<T>) => Stored<T>,
  ) =>
    watch<T>(resource, ownersOf, {
      labelSelector: `${managedByLabel}=${managedBy}`,
      indexes: { [byModelRelease]: labelIndex(modelReleaseLabel) },
      ...(transform ? { transform } : {}),
    });

  const kept = createKept();
  const caches: Caches = {
    modelReleases: watch<ModelRelease>(modelReleases, ({ key }) => [key], {
      transform: kept.ofObject,
    }),
    controllerRevisions: children<ControllerRevision>(controllerRevisions, kept.ofRecord),
    jobs: children<Job>(jobs, kept.ofJob),
    pods: children<Pod>(pods, kept.ofPod),
    deployments: children<Deployment>(deployments, kept.ofObject),
    services: children<Service>(services, kept.ofObject),
  };
  for (const scope of scopes) {
    void Promise.all(scope.watched.map(({ synced }) => synced)).then(() => {
      scope.isComplete = true;
      for (const { metadata } of caches.modelReleases.list()) {
        if (scope.namespace === undefined || metadata.namespace === scope.namespace)
          // Most of them are as they were: what somebody changes meanwhile goes before them.
          changed(keyOf(metadata), 'later');
      }
    });
  }
  return { ...caches, all: scopes.flatMap(({ watched }) => watched) };
}

/** The keys of the ModelReleases that a change is about. Both sides count: an object whose label was taken away is missed by somebody. */
export function ownersOf({ object, previous }: Change<KubernetesObject>): Set<string> {
  const keys = new Set<string>();
  for (const { metadata } of [object, previous].filter((side) => side !== undefined)) {
    const at = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
    const label = metadata.labels?.[modelReleaseLabel];
    if (label !== undefined) keys.add(keyOf({ ...at, name: label }));
    for (const owner of metadata.ownerReferences ?? []) {
      if (owner.kind === kind && owner.apiVersion.startsWith(`${group}/`))
        keys.add(keyOf({ ...at, name: owner.name }));
    }
  }
  return keys;
}
