import type { ModelReleaseSpec } from '../api/model-release.ts';
import { type CronFields, readCron } from './cron-fields.ts';
import { instantsOf, steadyOffset, type TimeZone, timeZone } from './time-zone.ts';

/**
 * The times at which a cron expression is due: every instant at which the clocks of its zone show a matching minute. So a time
 * that the clocks skip in spring does not come, and one that they show twice in autumn comes twice, as with a CronJob.
 */
export interface Schedule {
  /** The first time after this one. */
  next(after: Date): Date | undefined;
  /** The last time before this one or at it. */
  latest(until: Date): Date | undefined;
  /** How many times lie after the one and before the other; no more than `most` are counted. */
  count(after: Date, before: Date, most: number): number;
}

/** A sentence for people: which field, what is wrong, what to write instead. */
export interface InvalidSchedule {
  invalid: string;
}

const dayMs = 24 * 3600_000;
/** From one 29 February to the next it can be eight years. */
const horizonDays = 8 * 366 + 2;

/** Reading takes a millisecond, and each decision does it: the same few schedules come again and again. */
const read = new Map<string, Schedule | InvalidSchedule>();
const mostRead = 1_000;

/** Reads five cron fields in an IANA time zone; an answer instead of an exception says what is wrong with them. */
export function readSchedule({
  cron,
  timeZone: zone,
}: Pick<ModelReleaseSpec['schedule'], 'cron' | 'timeZone'>): Schedule | InvalidSchedule {
  const key = JSON.stringify([cron, zone]);
  const known = read.get(key) ?? parse(cron, zone);
  if (read.size >= mostRead) read.clear();
  read.set(key, known);
  return known;
}

function parse(cron: string, zoneName: string): Schedule | InvalidSchedule {
  const fields = readCron(cron);
  if ('wrong' in fields) {
    return {
      invalid: `spec.schedule.cron "${cron}" cannot be read (${fields.wrong}): write minute, hour, day of month, month and day of week, for example "0 3 * * 0".`,
    };
  }
  const zone = timeZone(zoneName);
  if (!zone) {
    return {
      invalid: `spec.schedule.timeZone "${zoneName}" is not a time zone that is known here: write an IANA name, for example Europe/Paris or Etc/UTC.`,
    };
  }
  const schedule = scheduleOf(fields, zone);
  if (!schedule.next(new Date(0))) {
    return {
      invalid: `spec.schedule.cron "${cron}" never comes: no year has such a day; write for example "0 3 * * 0".`,
    };
  }
  return schedule;
}

function scheduleOf(fields: CronFields, zone: TimeZone): Schedule {
  const timesOn = timesOfDay(fields, zone);

  function next(after: number): number | undefined {
    // A day back and one ahead: dates of the zone are not those of UTC.
    const first = midnight(after) - dayMs;
    for (let day = 0; day <= horizonDays; day++) {
      const found = timesOn(first + day * dayMs).find((time) => time > after);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function latest(until: number): number | undefined {
    const last = midnight(until) + dayMs;
    for (let day = 0; day <= horizonDays; day++) {
      const found = timesOn(last - day * dayMs).findLast((time) => time <= until);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  return {
    next: (after) => asDate(next(after.getTime())),
    latest: (until) => asDate(latest(until.getTime())),
    count(after, before, most) {
      let counted = 0;
      let time = next(after.getTime());
      while (counted < most && time !== undefined && time < before.getTime()) {
        counted += 1;
        time = next(time);
      }
      return counted;
    },
  };
}

/** The times of a date, in order; the date is its midnight as if it were UTC. Keeps the last dates: they are asked for again. */
function timesOfDay(fields: CronFields, zone: TimeZone): (date: number) => readonly number[] {
  const none: readonly number[] = [];
  const clock = [...fields.hours]
    .sort((one, other) => one - other)
    .flatMap((hour) =>
      [...fields.minutes]
        .sort((one, other) => one - other)
        .map((minute) => (hour * 60 + minute) * 60_000),
    );
  const kept = new Map<number, readonly number[]>();

  function compute(date: number): readonly number[] {
    const offset = steadyOffset(date, zone);
    if (offset !== undefined) return clock.map((time) => date + time - offset);
    return clock.flatMap((time) => instantsOf(date + time, zone)).sort((one, other) => one - other);
  }

  return (date) => {
    if (!isDue(new Date(date), fields)) return none;
    const times = kept.get(date) ?? compute(date);
    if (kept.size >= 4) kept.clear();
    kept.set(date, times);
    return times;
  };
}

function isDue(date: Date, fields: CronFields): boolean {
  if (!fields.months.has(date.getUTCMonth() + 1)) return false;
  const day = fields.daysOfMonth.has(date.getUTCDate());
  const weekday = fields.daysOfWeek.has(date.getUTCDay());
  return fields.bothDays ? day && weekday : day || weekday;
}

function midnight(time: number): number {
  return Math.floor(time / dayMs) * dayMs;
}

function asDate(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
