/** Cron's five fields, read as Kubernetes reads a CronJob's: robfig/cron's ParseStandard, without its descriptors (`@weekly`). */

/** Which values of each field match. */
export interface CronFields {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  daysOfMonth: ReadonlySet<number>;
  months: ReadonlySet<number>;
  daysOfWeek: ReadonlySet<number>;
  /** A star in either field of days: a day has to match both. Else one of them is enough. */
  bothDays: boolean;
}

/** What is wrong with an expression, as the end of a sentence. */
export interface Misread {
  wrong: string;
}

interface Bounds {
  name: string;
  first: number;
  last: number;
  names?: readonly string[];
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const weekdays = 'sun mon tue wed thu fri sat'.split(' ');
const bounds = {
  minute: { name: 'minute', first: 0, last: 59 },
  hour: { name: 'hour', first: 0, last: 23 },
  dayOfMonth: { name: 'day of month', first: 1, last: 31 },
  month: { name: 'month', first: 1, last: 12, names: months },
  dayOfWeek: { name: 'day of week', first: 0, last: 6, names: weekdays },
} satisfies Record<string, Bounds>;

interface Field {
  values: ReadonlySet<number>;
  star: boolean;
}

class MisreadField extends Error {}

export function readCron(expression: string): CronFields | Misread {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5) return { wrong: `it has ${fields.length} fields, not five` };
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fields;
  try {
    const days = readField(dayOfMonth, bounds.dayOfMonth);
    const weekDays = readField(dayOfWeek, bounds.dayOfWeek);
    return {
      minutes: readField(minute, bounds.minute).values,
      hours: readField(hour, bounds.hour).values,
      daysOfMonth: days.values,
      months: readField(month, bounds.month).values,
      daysOfWeek: weekDays.values,
      bothDays: days.star || weekDays.star,
    };
  } catch (error) {
    if (error instanceof MisreadField) return { wrong: error.message };
    throw error;
  }
}

function readField(text: string, field: Bounds): Field {
  const values = new Set<number>();
  let star = false;
  for (const range of text.split(',')) {
    const read = readRange(range, field);
    star ||= read.star;
    for (let value = read.first; value <= read.last; value += read.step) values.add(value);
  }
  return { values, star };
}

/** `*`, `?`, `3`, `3-7`, each with a step if need be; `3/5` means from 3 on. */
const rangePattern = /^(?:(?<star>[*?])|(?<first>\w+)(?:-(?<last>\w+))?)(?:\/(?<step>\d+))?$/;

function readRange(text: string, field: Bounds) {
  const parts = rangePattern.exec(text)?.groups;
  if (!parts) throw new MisreadField(`its ${field.name} "${text}" is no value, range or step`);
  const step = parts.step === undefined ? 1 : Number(parts.step);
  if (step === 0) throw new MisreadField(`its ${field.name} "${text}" has a step of 0`);
  // As in robfig/cron: a star with a step is no star to the rule of days.
  if (parts.star) return { first: field.first, last: field.last, step, star: step === 1 };
  const first = valueIn(parts.first ?? '', field);
  const open = parts.step === undefined ? first : field.last;
  const last = parts.last === undefined ? open : valueIn(parts.last, field);
  if (first > last) throw new MisreadField(`its ${field.name} "${text}" ends before it begins`);
  return { first, last, step, star: false };
}

function valueIn(text: string, { name, first, last, names = [] }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  const value = named < 0 ? (/^\d+$/.test(text) ? Number(text) : Number.NaN) : named + first;
  if (value >= first && value <= last) return value;
  const words = names.length > 0 ? `, or ${names[0]} to ${names.at(-1)}` : '';
  throw new MisreadField(`its ${name} "${text}" is not in ${first} to ${last}${words}`);
}
