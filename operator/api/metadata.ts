import type { OwnerReference } from '../kube/object.ts';
import { apiVersion, kind, type ModelRelease } from './model-release.ts';

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedBy = 'shelfwise';
/** The manager under which fields are applied. */
export const fieldManager = 'shelfwise';

export const modelReleaseLabel = 'shelfwise.dev/model-release';
export const releaseLabel = 'shelfwise.dev/release';
export const stepLabel = 'shelfwise.dev/step';
export const trackLabel = 'shelfwise.dev/track';

/** On a ModelRelease, by people: start a run at this time (RFC 3339), once. */
export const runNowAnnotation = 'shelfwise.dev/run-now';

/** On the Deployment and its pods: a digest is longer than the 63 characters of a label. */
export const digestAnnotation = 'shelfwise.dev/digest';
/** On what is applied: the digest of all that was applied, so that a field which is left out now is noticed. */
export const appliedAnnotation = 'shelfwise.dev/applied';
/** On an evaluate Job: what the facts must echo. */
export const questionAnnotation = 'shelfwise.dev/question';

/** On a run's record, one for each thing that became known of the run. */
export const recordAnnotations = {
  snapshot: 'shelfwise.dev/snapshot',
  training: 'shelfwise.dev/training',
  evaluation: 'shelfwise.dev/evaluation',
  verdict: 'shelfwise.dev/verdict',
  outcome: 'shelfwise.dev/outcome',
} as const;

/** On train's Job: the LocalQueue of Kueue that says when it begins. */
export const queueLabel = 'kueue.x-k8s.io/queue-name';

export type Component = 'snapshot' | 'train' | 'evaluate' | 'inference' | 'record';

/** The labels that everything of a ModelRelease has: the operator's caches hold only what is managed by it. */
export function labelsFor(modelRelease: string, component: Component): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'shelfwise',
    'app.kubernetes.io/instance': modelRelease,
    'app.kubernetes.io/component': component,
    [managedByLabel]: managedBy,
    [modelReleaseLabel]: modelRelease,
  };
}

/** With this reference the garbage collector removes the child once the ModelRelease is gone: no finalizer is needed. */
export function ownedBy({ metadata }: ModelRelease): OwnerReference {
  const { name, uid = '' } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A child is known by its owner's UID: an object of the same name may be someone else's, or of a namesake deleted before. */
export function isOwnedBy(
  child: { metadata: { ownerReferences?: OwnerReference[] } },
  { metadata }: ModelRelease,
): boolean {
  return (child.metadata.ownerReferences ?? []).some(
    (owner) => owner.controller === true && owner.uid === metadata.uid,
  );
}
