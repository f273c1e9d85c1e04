import { runNowAnnotation } from '../api/metadata.ts';
import { timestamp } from '../api/names.ts';
import { ourDeployment } from './doubt.ts';
import type { Observation } from './observation.ts';
import type { Run, Trigger } from './run.ts';
import { readSchedule } from './schedule.ts';

/** A time at which a run was due. */
export interface Slot {
  at: Date;
  trigger: Trigger;
  /** The annotation's value, where that is the trigger. */
  runNow?: string;
  /** The time of the schedule after which this is the first run by it: its last slot, or the ModelRelease's creation. */
  after?: Date;
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
  if (isFirst(seen, runs)) due.push({ at: created, trigger: 'first' });

  const schedule = readSchedule(modelRelease.spec.schedule);
  const readable = 'invalid' in schedule ? undefined : schedule;
  // Only the newest of several that were missed: they would all see the same products.
  const latest = readable?.latest(now);
  const last = newest(runs, 'schedule');
  const after = last ?? created;
  if (latest && latest > after) due.push({ at: latest, trigger: 'schedule', after });

  return {
    due,
    // A clock that was put back comes to its last slot again; its run has been.
    next: readable?.next(last && last > now ? last : now),
    later: asked.slot && asked.slot.at > now ? asked.slot.at : undefined,
    invalidSchedule: 'invalid' in schedule ? schedule.invalid : undefined,
    invalidRunNow: asked.invalid,
  };
}

/** Whether nothing is left of any run: a Deployment of ours stays behind even where somebody deleted all records. */
function isFirst(seen: Observation, runs: readonly Run[]): boolean {
  return runs.length === 0 && seen.unreadable.length === 0 && !ourDeployment(seen);
}

/** Nobody wants to know more exactly, and a schedule of minutes would have to be followed through years. */
const mostCounted = 100;

/** Says how many times of the schedule had no run before this one; undefined: none. */
export function describeMissed(
  { at, after }: Slot,
  { modelRelease }: Observation,
): string | undefined {
  const schedule = readSchedule(modelRelease.spec.schedule);
  if (after === undefined || 'invalid' in schedule) return undefined;
  const missed = schedule.count(after, at, mostCounted + 1);
  if (missed === 0) return undefined;
  const many = missed > mostCounted ? `more than ${mostCounted} slots` : `${missed} slots`;
  return `${missed === 1 ? '1 slot' : many} of spec.schedule since ${timestamp(after)} passed without a run: the newest, of ${timestamp(at)}, is run now.`;
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
