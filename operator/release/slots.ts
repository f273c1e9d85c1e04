import { runNowAnnotation } from '../api/metadata.ts';
import type { Observation } from './observation.ts';
import type { Run, Trigger } from './run.ts';
import { readSchedule } from './schedule.ts';

/** A time at which a run was due. */
export interface Slot {
  at: Date;
  trigger: Trigger;
  /** The annotation's value, where that is the trigger. */
  runNow?: string;
}

export interface Slots {
  /** What is due by now, the most urgent first. */
  due: Slot[];
  /** The next time of the schedule. */
  next: Date | undefined;
  /** When the run-now annotation names a time to come. */
  later: Date | undefined;
  /** Sentences about fields that cannot be read. */
  invalidSchedule: string | undefined;
  invalidRunNow: string | undefined;
}

/** Which runs are due: asked for by a person, the first one, or by the schedule. */
export function slotsOf(seen: Observation, runs: readonly Run[]): Slots {
  const { now, modelRelease } = seen;
  const created = new Date(modelRelease.metadata.creationTimestamp ?? now);
  const due: Slot[] = [];

  const asked = runNow(seen, runs, created);
  if (asked.slot && asked.slot.at <= now) due.push(asked.slot);
  if (runs.length === 0) due.push({ at: created, trigger: 'first' });

  const schedule = readSchedule(modelRelease.spec.schedule);
  const readable = 'invalid' in schedule ? undefined : schedule;
  // Only the newest of several that were missed: they would all see the same products.
  const latest = readable?.latest(now);
  if (latest && latest > (newest(runs, 'schedule') ?? created))
    due.push({ at: latest, trigger: 'schedule' });

  return {
    due,
    next: readable?.next(now),
    later: asked.slot && asked.slot.at > now ? asked.slot.at : undefined,
    invalidSchedule: 'invalid' in schedule ? schedule.invalid : undefined,
    invalidRunNow: asked.invalid,
  };
}

/** Date.parse alone would take "2026" and "tomorrow" in some engines' own ways. */
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** The slot of the annotation, unless it was followed before. Values have to rise: so none is ever followed twice. */
function runNow(
  { modelRelease }: Observation,
  runs: readonly Run[],
  created: Date,
): { slot?: Slot; invalid?: string } {
  const value = modelRelease.metadata.annotations?.[runNowAnnotation];
  if (value === undefined) return {};
  const time = rfc3339.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) {
    return {
      invalid: `Annotation ${runNowAnnotation} is "${value.slice(0, 64)}", which is no time: write it as RFC 3339, for example 2026-11-22T09:30:00Z.`,
    };
  }
  const at = new Date(Math.floor(time / 1000) * 1000);
  const last = newest(runs, 'run-now');
  if (last && at < last) {
    return {
      invalid: `Annotation ${runNowAnnotation} is ${value}, before the last time that was followed (${last.toISOString()}): write a later time.`,
    };
  }
  // Left over from before this object was created, as in a restored manifest: its first run covers that.
  if (last?.getTime() === at.getTime() || at < created) return {};
  return { slot: { at, trigger: 'run-now', runNow: value } };
}

/** The newest slot of a run with this trigger. */
function newest(runs: readonly Run[], trigger: Trigger): Date | undefined {
  const times = runs.filter((run) => run.trigger === trigger).map((run) => Date.parse(run.slot));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
