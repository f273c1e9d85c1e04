import { clip } from '../api/conditions.ts';
import { timestamp } from '../api/names.ts';
import { type EventDraft, writeOf } from './observation.ts';
import type { Outcome, Run } from './run.ts';

/** Ends that nobody has to do anything about. */
const calm = new Set<Outcome['outcome']>(['NoNewData', 'Served', 'Superseded']);

/** Ends a run, and says so in an event. */
export function finish(
  run: Run,
  now: Date,
  end: Omit<Outcome, 'finishedAt'>,
): { run: Run; events: EventDraft[] } {
  // A clock that was put back must not let a run end before it began.
  const finishedAt = [timestamp(now), run.startedAt].toSorted().at(-1) ?? run.startedAt;
  const outcome: Outcome = { ...end, message: clip(end.message), finishedAt };
  const reason = end.outcome === 'Served' ? 'Serving' : end.outcome;
  const detail = end.reason === end.outcome ? '' : ` (${end.reason})`;
  return {
    run: { ...run, outcome },
    events: [
      {
        type: calm.has(end.outcome) ? 'Normal' : 'Warning',
        reason,
        action: end.step === 'rollout' ? 'RollOut' : 'Run',
        note: `Release ${run.release}${detail}: ${end.message}`,
        tellsOf: writeOf('ControllerRevision', run.release),
      },
    ],
  };
}
