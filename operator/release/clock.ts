/** Clocks are set, and two machines have two of them: what follows is right all the same. */
import { runNowAnnotation } from '../api/metadata.ts';
import { timestamp } from '../api/names.ts';
import type { Observation } from './observation.ts';
import type { Run } from './run.ts';

/** What clocks of one cluster may differ by without a word: nothing that is decided here depends on so little. */
const tolerableMs = 5 * 60_000;

/**
 * Now, as it is written into the record of a run that begins, and never before what stands in the others: which run is the
 * newest must not depend on a clock that was put back. Two runs never begin in the same second.
 */
export function beginningAfter(runs: readonly Run[], now: Date): Date {
  const begun = runs.map(({ startedAt }) => Date.parse(startedAt) + 1000);
  return new Date(Math.max(now.getTime(), ...begun, ...endings(runs)));
}

/** Now, as it is written down for a release that takes over: never before one that did so earlier. */
export function endingAfter(runs: readonly Run[], now: Date): Date {
  return new Date(Math.max(now.getTime(), ...endings(runs)));
}

function endings(runs: readonly Run[]): number[] {
  return runs.flatMap(({ outcome }) => (outcome ? [Date.parse(outcome.finishedAt)] : []));
}

/**
 * A sentence where our clock and that of the API server differ by minutes, or ours did. Only from what stands still: two times
 * that both of them wrote about the same moment, or one that is still to come.
 */
export function skewOf(
  { now, modelRelease, records, jobs }: Observation,
  runs: readonly Run[],
): string | undefined {
  const remedy = "set the nodes' clocks by NTP, or slots come at the wrong time.";
  const objects = [modelRelease, ...records.values(), ...jobs];
  for (const { kind, metadata } of objects) {
    const created = Date.parse(metadata.creationTimestamp ?? '');
    if (created > now.getTime() + tolerableMs) {
      return `By the API server's clock ${kind} ${metadata.name} was created at ${timestamp(new Date(created))}, which is still to come by the operator's: ${remedy}`;
    }
  }
  const early = runs.findLast(
    ({ trigger, slot }) => trigger === 'schedule' && Date.parse(slot) > now.getTime() + tolerableMs,
  );
  if (early) {
    return `Release ${early.release} was run for a slot that is still to come, because the operator's clock was ahead: the schedule goes on after it, at the earliest; until then ask for runs with the annotation ${runNowAnnotation}.`;
  }
  const newest = runs.at(-1);
  const record = newest && records.get(newest.release);
  // Of a run that is over: the clocks may have been set since.
  if (!newest || newest.outcome || !record) return undefined;
  const { creationTimestamp } = record.metadata;
  if (Date.parse(newest.startedAt) <= Date.parse(creationTimestamp) + tolerableMs) return undefined;
  return `Release ${newest.release} began at ${newest.startedAt} by the operator's clock and at ${creationTimestamp} by the API server's: ${remedy}`;
}
