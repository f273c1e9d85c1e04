/** What is said when something of ours is set right that somebody else changed: else he would look for who undoes his work. */
import type { Deployment, DeploymentObject, Service, ServiceObject } from '../api/kubernetes.ts';
import { appliedAnnotation, isOwnedBy, releaseLabel } from '../api/metadata.ts';
import { differences } from './drift.ts';
import { type EventDraft, type Observation, writeOf } from './observation.ts';

/** More than a person reads of them says nothing new. */
const mostFields = 8;

/** One event for each object that is applied although the same was applied before, or that was deleted. */
export function driftEvents(
  applied: readonly (DeploymentObject | ServiceObject)[],
  seen: Observation,
): EventDraft[] {
  return applied.flatMap((wanted) => {
    const what = describe(wanted, seen);
    if (what === undefined) return [];
    const note = `${wanted.kind} ${wanted.metadata.name} ${what}`;
    const tellsOf = writeOf(wanted.kind, wanted.metadata.name);
    return [{ type: 'Warning', reason: 'DriftCorrected', action: 'Apply', note, tellsOf }];
  });
}

function describe(wanted: DeploymentObject | ServiceObject, seen: Observation): string | undefined {
  const live = liveOf(wanted, seen);
  if (!live) {
    // What served before was there; what a first run has not come to yet is only new.
    const release = wanted.metadata.labels?.[releaseLabel];
    const served = seen.runs.some(
      (run) =>
        run.outcome?.outcome === 'Served' && (release === undefined || run.release === release),
    );
    return served ? 'was deleted, or lost its labels: it is applied again.' : undefined;
  }
  // A new release or a changed spec: nobody else did anything.
  if (appliedTo(live) !== appliedTo(wanted) || !isOwnedBy(live, seen.modelRelease))
    return undefined;
  const fields = differences(live, wanted);
  const more = fields.length > mostFields ? ` and ${fields.length - mostFields} more` : '';
  const advice = wanted.kind === 'Deployment' ? ' What is to stay belongs into spec.serving.' : '';
  return `was changed by somebody else and is set back: ${fields.slice(0, mostFields).join(', ')}${more}.${advice}`;
}

function appliedTo({ metadata }: { metadata: { annotations?: Record<string, string> } }) {
  return metadata.annotations?.[appliedAnnotation];
}

function liveOf(
  { kind, metadata }: DeploymentObject | ServiceObject,
  { deployment, services }: Observation,
): Deployment | Service | undefined {
  if (kind === 'Deployment') return deployment;
  return services.find((service) => service.metadata.name === metadata.name);
}
