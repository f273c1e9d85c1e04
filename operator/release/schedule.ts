import { Cron } from 'croner';
import type { ModelReleaseSpec } from '../api/model-release.ts';

/** The times at which a cron expression is due. */
export interface Schedule {
  /** The first time after this one. */
  next(after: Date): Date | undefined;
  /** The last time before this one or at it. */
  latest(until: Date): Date | undefined;
}

/** A sentence for people: which field, what is wrong, what to write instead. */
export interface InvalidSchedule {
  invalid: string;
}

/** Standard cron only: croner would also take seconds, L, W and #, which CronJob users do not expect. */
const standardField = /^(?:[0-9*,/-]|[A-Za-z]{3})+$|^\?$/;

/** Reading takes a millisecond, and each decision does it: the same few schedules come again and again. */
const read = new Map<string, Schedule | InvalidSchedule>();
const mostRead = 1_000;

/** Reads five cron fields in an IANA time zone; an answer instead of an exception says what is wrong with them. */
export function readSchedule({
  cron,
  timeZone,
}: ModelReleaseSpec['schedule']): Schedule | InvalidSchedule {
  const key = JSON.stringify([cron, timeZone]);
  const known = read.get(key) ?? parse(cron, timeZone);
  if (read.size >= mostRead) read.clear();
  read.set(key, known);
  return known;
}

function parse(cron: string, timeZone: string): Schedule | InvalidSchedule {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every((field) => standardField.test(field))) {
    return {
      invalid: `spec.schedule.cron "${cron}" is not five cron fields (minute, hour, day of month, month, day of week): write for example "0 3 * * 0".`,
    };
  }
  if (!isTimeZone(timeZone)) {
    return {
      invalid: `spec.schedule.timeZone "${timeZone}" is not a time zone that is known here: write an IANA name, for example Europe/Paris or Etc/UTC.`,
    };
  }
  let times: Cron;
  try {
    times = new Cron(fields.join(' '), { timezone: timeZone, mode: '5-part', paused: true });
  } catch (error) {
    const words = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : error;
    return {
      invalid: `spec.schedule.cron "${cron}" cannot be read (${words}): write for example "0 3 * * 0".`,
    };
  }
  if (!times.nextRun(new Date(0))) {
    return {
      invalid: `spec.schedule.cron "${cron}" never comes: no year has such a day; write for example "0 3 * * 0".`,
    };
  }
  return {
    next: (after) => times.nextRun(after) ?? undefined,
    // croner looks strictly before its reference, and knows whole seconds only.
    latest: (until) =>
      times.previousRuns(1, new Date(Math.floor(until.getTime() / 1000) * 1000 + 1000))[0],
  };
}

function isTimeZone(name: string): boolean {
  try {
    // An empty name would mean the machine's own zone.
    return name !== '' && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
