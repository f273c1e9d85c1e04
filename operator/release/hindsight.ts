import { managedBy, managedByLabel, modelReleaseLabel } from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import { byModelRelease, type Caches } from '../caches.ts';
import { ReconcileError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import type { KubernetesObject, Stored } from '../kube/object.ts';
import { keyOf } from '../kube/object.ts';
import { controllerRevisions } from '../kube/resource.ts';
import type { Transport } from '../kube/transport.ts';

/** Makes sure, before the first change that this process makes for a ModelRelease, that it knows what its predecessor did last. */
export interface Hindsight {
  /** Throws Transient CacheBehind when a record was written that the cache does not hold yet. */
  check(modelRelease: Stored<ModelRelease>): Promise<void>;
  forget(modelRelease: string): void;
}

/**
 * Of its own writes a process knows until when the caches lack them (expectations.ts). Of those of the operator that led before
 * it does not: a watch may be late, or cut off without a sign. A second run beside one that was begun a moment ago, or the
 * Deployment of the release before put back in the place of the one that has just been found good, would bear every
 * precondition. All that is decided rests on the records: so they are read once, where the API server is current.
 */
export function createHindsight(caches: Caches, transport: Pick<Transport, 'request'>): Hindsight {
  const checked = new Set<string>();
  return {
    async check({ metadata }) {
      const { name, namespace = '' } = metadata;
      const key = keyOf({ namespace, name });
      if (checked.has(key)) return;
      const labelSelector = `${managedByLabel}=${managedBy},${modelReleaseLabel}=${name}`;
      const selection = { resource: controllerRevisions, namespace, labelSelector };
      const { items } = await listAll<KubernetesObject>(transport, selection);
      const cached = caches.controllerRevisions.by(byModelRelease, key);
      if (versions(items) !== versions(cached)) {
        const message = `The records of ${key} are not all in the cache yet.`;
        throw new ReconcileError('Transient', 'CacheBehind', message);
      }
      checked.add(key);
    },
    forget: (modelRelease) => void checked.delete(modelRelease),
  };
}

function versions(records: readonly Stored<KubernetesObject>[]): string {
  return records
    .map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)
    .sort()
    .join();
}
