import type { ControllerRevision, Deployment, Job, Pod, Service } from './api/kubernetes.ts';
import { managedBy, managedByLabel, modelReleaseLabel } from './api/metadata.ts';
import { group, kind, type ModelRelease, modelReleases } from './api/model-release.ts';
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

/** One of the caches, as what keeps it current. */
export interface Watched extends Pick<Reflector<KubernetesObject>, 'run' | 'synced' | 'hasSynced'> {
  plural: string;
}

type Wiring = Pick<
  ReflectorOptions<KubernetesObject>,
  'transport' | 'namespace' | 'onFailure' | 'observe' | 'timing'
>;

/** Watches ModelReleases and what is managed by Shelfwise, and says whose turn it is when one of them changes. */
export function createCaches(
  wiring: Wiring,
  changed: (modelRelease: string) => void,
): Caches & { all: Watched[] } {
  const all: Watched[] = [];

  function children<T extends KubernetesObject>(
    resource: Resource,
    transform?: (object: Stored<T>) => Stored<T>,
  ): Reflector<T> {
    const reflector = createReflector<T>({
      ...wiring,
      resource,
      labelSelector: `${managedByLabel}=${managedBy}`,
      indexes: { [byModelRelease]: labelIndex(modelReleaseLabel) },
      onChange: (change) => {
        for (const key of ownersOf(change)) changed(key);
      },
      ...(transform ? { transform } : {}),
    });
    all.push({ plural: resource.plural, ...reflector });
    return reflector;
  }

  const releases = createReflector<ModelRelease>({
    ...wiring,
    resource: modelReleases,
    onChange: ({ key }) => changed(key),
  });
  all.push({ plural: modelReleases.plural, ...releases });
  return {
    modelReleases: releases,
    controllerRevisions: children<ControllerRevision>(controllerRevisions),
    jobs: children<Job>(jobs),
    pods: children<Pod>(pods, withoutSpec),
    deployments: children<Deployment>(deployments),
    services: children<Service>(services),
    all,
  };
}

/** What a pod was told to do stands in its Job; kept of it is only how it fares, a third of its size. */
function withoutSpec({ spec: _, ...pod }: Pod): Pod {
  return pod;
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
