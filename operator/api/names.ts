/**
 * Names of everything that a ModelRelease becomes. A ModelRelease's name has at most 32 characters (the CRD sees to that),
 * so that the longest, `<name>-20261122-030000-snapshot-3`, has 59: a Job's name ends up in a label, which holds 63.
 */
export type Step = 'snapshot' | 'train' | 'evaluate';

/** A slot is the time at which a run was due, to the second, in UTC: `20261122-030000`. */
export function slotName(slot: Date): string {
  return slot.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** `<name>-<slot>`: also the name of the ControllerRevision that is the run's record. */
export function releaseName(modelRelease: string, slot: Date): string {
  return `${modelRelease}-${slotName(slot)}`;
}

/** The first attempt at a step has the plain name, later ones count: `…-snapshot`, `…-snapshot-2`. */
export function jobName(release: string, step: Step, attempt: number): string {
  return attempt === 1 ? `${release}-${step}` : `${release}-${step}-${attempt}`;
}

/** The Deployment and the Service of the release that passed. */
export function stableName(modelRelease: string): string {
  return `${modelRelease}-stable`;
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
