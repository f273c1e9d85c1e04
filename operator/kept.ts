/** What of each kind of object is kept in the caches: what decisions look at, and of equal parts one. */
import type { ControllerRevision, Job, Pod } from './api/kubernetes.ts';
import type { KubernetesObject, Stored } from './kube/object.ts';
import { createSharing, shareMetadata } from './kube/sharing.ts';
import { withoutDetails } from './release/record.ts';

export interface Kept {
  /** Of a ModelRelease, a Deployment or a Service: its spec resembles those of others. */
  ofObject<T extends KubernetesObject>(object: Stored<T>): Stored<T>;
  ofRecord(record: Stored<ControllerRevision>): Stored<ControllerRevision>;
  ofJob(job: Stored<Job>): Stored<Job>;
  ofPod(pod: Stored<Pod>): Stored<Pod>;
}

export function createKept(): Kept {
  const share = createSharing();

  return {
    ofObject<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
      const { spec } = object as { spec?: unknown };
      const shared = shareMetadata(object, share);
      return spec === undefined ? shared : { ...shared, spec: share(spec) };
    },

    ofRecord(record) {
      const shared = shareMetadata(withoutDetails(record), share);
      const { data } = shared;
      if (typeof data !== 'object' || data === null) return shared;
      const parts = Object.entries(data).map(([field, part]) => [field, share(part)]);
      return { ...shared, data: Object.fromEntries(parts) };
    },

    // A Job cannot have another template than the one it was made with: kept is only what others may change of it.
    ofJob({ spec, ...job }) {
      const shared = shareMetadata(job, share);
      if (spec === undefined) return shared;
      const { suspend } = spec;
      return { ...shared, spec: { ...(suspend === undefined ? {} : { suspend }), template: {} } };
    },

    // What a pod was told to do stands in its run's record; kept of it is only how it fares, and where: a third of its size.
    ofPod({ spec, ...pod }) {
      const shared = shareMetadata(pod, share);
      return spec?.nodeName === undefined
        ? shared
        : { ...shared, spec: { nodeName: spec.nodeName, containers: [] } };
    },
  };
}
