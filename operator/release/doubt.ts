/** Whether what serves is what the records say: people delete and edit them, and nothing older may take its place for that. */
import type { Deployment } from '../api/kubernetes.ts';
import { isOwnedBy, releaseLabel, trackLabel } from '../api/metadata.ts';
import type { Observation } from './observation.ts';
import { isActive, lastGood, type Run } from './run.ts';

/** A release that serves, although no record of it says so. */
export interface Doubtful {
  release: string;
  /** Its record was deleted, cannot be read, or tells of a run that is still active, as after an edit of its annotations. */
  record: 'lost' | 'unreadable' | 'active';
}

/** The release that serves, where its record is not what it was when it took over: people delete and edit records. */
export function doubtfulServing(runs: readonly Run[], seen: Observation): Doubtful | undefined {
  const live = ourDeployment(seen);
  if (!live) return undefined;
  for (const release of servedBy(live, runs, seen)) {
    const run = runs.find((each) => each.release === release);
    if (run && isActive(run)) return { release, record: 'active' };
    if (run) continue;
    const isUnreadable = seen.unreadable.some(({ name }) => name === release);
    return { release, record: isUnreadable ? 'unreadable' : 'lost' };
  }
  return undefined;
}

/** The releases that pods of the Deployment serve: its own; and, while that is not the last good one, those it comes from. */
function servedBy(live: Deployment, runs: readonly Run[], seen: Observation): Set<string> {
  const named = live.metadata.labels?.[releaseLabel];
  // Both, or it is only the label that somebody changed.
  const isNamed = live.spec?.template?.metadata?.labels?.[releaseLabel] === named;
  const own = named !== undefined && isNamed ? [named] : [];
  if (named === lastGood(runs)?.release) return new Set(own);
  return new Set([...own, ...releasesOfPods(seen)]);
}

/** The releases of which serving pods run. */
export function releasesOfPods({ pods }: Observation): string[] {
  return pods
    .filter(
      ({ metadata, status }) =>
        metadata.labels?.[trackLabel] !== undefined &&
        metadata.deletionTimestamp === undefined &&
        status?.phase === 'Running',
    )
    .flatMap(({ metadata }) => metadata.labels?.[releaseLabel] ?? []);
}

/** Undefined also where somebody else has one of this name. */
export function ourDeployment({ deployment, modelRelease }: Observation): Deployment | undefined {
  return deployment && isOwnedBy(deployment, modelRelease) ? deployment : undefined;
}
