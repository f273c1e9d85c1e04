import type { Caches } from '../caches.ts';
import { type KubernetesObject, keyOf, type Stored } from '../kube/object.ts';
import { isOlder } from '../kube/resource-version.ts';

/** Until the caches know what was written, a decision would be about yesterday: it could start a second run beside the first. */
export interface Expectations {
  /** This object was written, or deleted, for that ModelRelease. */
  expect(
    modelRelease: string,
    object: Stored<KubernetesObject>,
    change: 'written' | 'removed',
  ): void;
  /** Whether the caches know all of it by now. */
  met(modelRelease: string): boolean;
  forget(modelRelease: string): void;
}

interface Expected {
  object: Stored<KubernetesObject>;
  change: 'written' | 'removed';
  givenUpAt: number;
}

/** A watch tells within milliseconds; one that has to be built up anew lists everything when it is back. */
const patienceMs = 30_000;

/** `clock` counts milliseconds, and is set back by nobody: an hour off, it would be waited for an hour. */
export function createExpectations(caches: Caches, clock: () => number): Expectations {
  const expected = new Map<string, Expected[]>();
  return {
    expect(modelRelease, object, change) {
      const list = expected.get(modelRelease) ?? [];
      list.push({ object, change, givenUpAt: clock() + patienceMs });
      expected.set(modelRelease, list);
    },
    met(modelRelease) {
      const open = (expected.get(modelRelease) ?? []).filter(
        (each) => clock() < each.givenUpAt && !isKnown(each, caches),
      );
      if (open.length > 0) expected.set(modelRelease, open);
      else expected.delete(modelRelease);
      return open.length === 0;
    },
    forget: (modelRelease) => void expected.delete(modelRelease),
  };
}

function isKnown({ object, change }: Expected, caches: Caches): boolean {
  const cached = cacheOf(object, caches).get(object.metadata);
  // Something else of that name: what was expected has come and gone.
  if (cached && cached.metadata.uid !== object.metadata.uid) return true;
  if (change === 'removed') return !cached || cached.metadata.deletionTimestamp !== undefined;
  return cached !== undefined && isAtLeast(cached, object);
}

/** Kubernetes promises the order of resourceVersions of one kind since 1.35; before, they were etcd's revisions. */
function isAtLeast(cached: Stored<KubernetesObject>, written: Stored<KubernetesObject>): boolean {
  const [has, needs] = [cached.metadata.resourceVersion, written.metadata.resourceVersion];
  return has === needs || isOlder(needs, has);
}

function cacheOf({ kind, metadata }: KubernetesObject, caches: Caches) {
  switch (kind) {
    case 'ModelRelease':
      return caches.modelReleases;
    case 'ControllerRevision':
      return caches.controllerRevisions;
    case 'Job':
      return caches.jobs;
    case 'Deployment':
      return caches.deployments;
    case 'Service':
      return caches.services;
    default:
      throw new Error(`No cache holds ${kind} ${keyOf(metadata)}.`);
  }
}
