import type {
  ControllerRevision,
  ControllerRevisionObject,
  Deployment,
  DeploymentObject,
  Job,
  JobObject,
  Pod,
  Service,
  ServiceObject,
} from '../api/kubernetes.ts';
import type { ModelRelease, ModelReleaseStatus } from '../api/model-release.ts';
import type { Reason } from '../api/reasons.ts';
import type { Unreadable } from './record.ts';
import type { Run } from './run.ts';
import type { ServingTemplate } from './serving-template.ts';

/** What the operator fills in where a ModelRelease names no image. */
export interface Defaults {
  trainerImage: string;
  snapshotImage: string;
  inferenceImage: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** The versions of the serving pods' template that this operator knows, where a test has others than it has. */
  templates?: readonly ServingTemplate[];
}

/** What the cluster says about a pod or Job that does not come on, in its own words (from its Events). */
export interface Explanation {
  reason: string;
  message: string;
  since: string;
}

/** Why the last plan could not be carried out, so that the status can say so. */
export interface Obstacle {
  reason: Reason;
  message: string;
  /**
   * The Job that the API server did not take. Its run ends, because it cannot have another spec: at once, or, where what keeps it
   * away may pass, after as long as a pod may wait for its place.
   */
  job?: { name: string; release: string; mayPass: boolean } | undefined;
}

/** Everything that a decision may look at. Nothing else: no clock, no API, no environment. */
export interface Observation {
  now: Date;
  defaults: Defaults;
  modelRelease: ModelRelease;
  /** Oldest first. */
  runs: readonly Run[];
  /** The records of these runs, by release. */
  records: ReadonlyMap<string, ControllerRevision>;
  unreadable: readonly (Unreadable & { name: string })[];
  jobs: readonly Job[];
  /** Releases that have Jobs and no record any more. */
  lost?: readonly string[] | undefined;
  /** Jobs of ours that lost the labels by which the caches find them. */
  strays?: readonly Job[] | undefined;
  pods: readonly Pod[];
  /** `<name>-stable`, if there is one that is managed by us. */
  deployment: Deployment | undefined;
  services: readonly Service[];
  /** By UID: what is stuck, and why, as far as the cluster has said so yet. */
  explanations: ReadonlyMap<string, Explanation | undefined>;
  obstacle?: Obstacle | undefined;
}

/** News. It is told once the write that it tells of is done, whatever becomes of the others of its plan; without it, never. */
export interface EventDraft {
  type: 'Normal' | 'Warning';
  reason: Reason;
  action: string;
  note: string;
  /** Made by writeOf. */
  tellsOf: Write;
}

/** The kind and the name of what is written, or removed. */
export type Write = `${string}/${string}`;

export function writeOf(kind: string, name: string): Write {
  return `${kind}/${name}`;
}

/** What to do, in this order. Everything empty: all is as it should be. */
export interface Plan {
  /** Records of new runs. */
  begin: ControllerRevisionObject[];
  /** What became known of runs: annotations of their records. */
  note: { record: ControllerRevision; annotations: Record<string, string> }[];
  create: JobObject[];
  apply: (DeploymentObject | ServiceObject)[];
  remove: (Job | Deployment | ControllerRevision)[];
  /** The whole status, if it is another one than before. */
  status: ModelReleaseStatus | undefined;
  events: EventDraft[];
  /** When to look again though nothing has happened. */
  requeueAfterMs: number | undefined;
}
