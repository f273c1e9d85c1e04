/**
 * Against the library that Kubernetes' CronJob controller asks. Its answers are in fixtures/cron-facts.jsonl, which hack/cron makes.
 *
 * It steps from hour to hour, so that in Lord Howe's change of half an hour it passes over a day's 03:00 or comes to 02:45 for
 * "45 1"; and it never returns where a zone left out a whole date, as Apia did. There the clock on the wall is the judge.
 */
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { readCron } from './cron-fields.ts';
import { readSchedule, type Schedule } from './schedule.ts';
import { timeZone } from './time-zone.ts';

interface Fact {
  cron: string;
  zone: string;
  from: string;
  next: string[] | null;
  hangs?: boolean;
}

interface Refusal {
  cron: string;
  error: string;
}

const lines: (Fact | Refusal)[] = (
  await readFile(new URL('fixtures/cron-facts.jsonl', import.meta.url), 'utf8')
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const facts = lines.filter((line) => 'zone' in line);
const refusals = lines.filter((line) => 'error' in line);

function scheduleOf(cron: string, zone: string): Schedule {
  const schedule = readSchedule({ cron, timeZone: zone });
  if ('invalid' in schedule) throw new Error(schedule.invalid);
  return schedule;
}

const text = (time: Date) => time.toISOString().replace('.000Z', 'Z');

function timesAfter(cron: string, zone: string, from: string, most: number): string[] {
  const schedule = scheduleOf(cron, zone);
  const times: string[] = [];
  for (let at = schedule.next(new Date(from)); at && times.length < most; at = schedule.next(at))
    times.push(text(at));
  return times;
}

/** Looks at the clock of the zone at every minute from this one on. */
function byTheClock(cron: string, zone: string, from: string, until: number): string[] {
  const fields = readCron(cron);
  if ('wrong' in fields) throw new Error(fields.wrong);
  const clock = timeZone(zone);
  const times: string[] = [];
  const first = Math.floor(Date.parse(from) / 60_000) * 60_000 + 60_000;
  for (let instant = first; instant <= until; instant += 60_000) {
    const wall = new Date(instant + (clock?.offsetAt(instant) ?? 0));
    const day = fields.daysOfMonth.has(wall.getUTCDate());
    const weekday = fields.daysOfWeek.has(wall.getUTCDay());
    if (
      fields.minutes.has(wall.getUTCMinutes()) &&
      fields.hours.has(wall.getUTCHours()) &&
      fields.months.has(wall.getUTCMonth() + 1) &&
      (fields.bothDays ? day && weekday : day || weekday)
    )
      times.push(text(new Date(instant)));
  }
  return times;
}

describe('schedule, as Kubernetes reads it', () => {
  it('comes at the times at which a CronJob comes', () => {
    const others: string[] = [];
    for (const { cron, zone, from, next, hangs } of facts) {
      const ours = timesAfter(cron, zone, from, 5);
      if (!hangs && ours.join() === next?.join()) continue;
      others.push(zone);
      const until = Date.parse(ours[hangs ? 0 : 1] ?? from);
      const clock = byTheClock(cron, zone, from, until);
      expect(ours.slice(0, clock.length), `${cron} ${zone} ${from}`).to.deep.equal(clock);
    }
    expect([...new Set(others)].sort()).to.deep.equal(['Australia/Lord_Howe', 'Pacific/Apia']);
  }).timeout(120_000);

  for (const { cron, error } of refusals) {
    it(`refuses "${cron}": ${error}`, () =>
      expect(readSchedule({ cron, timeZone: 'Etc/UTC' })).to.have.property('invalid'));
  }

  const part = (first: number, last: number) => {
    const value = fc.integer({ min: first, max: last });
    const step = fc.integer({ min: 1, max: last });
    const range = fc.oneof(
      { weight: 3, arbitrary: value.map(String) },
      fc
        .tuple(value, value)
        .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
      fc.tuple(value, step).map(([from, every]) => `${from}/${every}`),
      step.map((every) => `*/${every}`),
    );
    return fc.oneof(
      fc.constant('*'),
      fc.array(range, { minLength: 1, maxLength: 3 }).map((ranges) => ranges.join(',')),
    );
  };

  it('is due at the minutes at which the clock of the zone matches, and at no others', () => {
    fc.assert(
      fc.property(
        fc.tuple(part(0, 59), part(0, 23), part(1, 31), part(1, 12), part(0, 6)),
        fc.constantFrom(...new Set(facts.map(({ zone }) => zone))),
        fc.constantFrom(...new Set(facts.map(({ from }) => from))),
        (fields, zone, from) => {
          const cron = fields.join(' ');
          const until = Date.parse(from) + 2 * 24 * 3600_000;
          const schedule = readSchedule({ cron, timeZone: zone });
          // A 31st of February.
          if ('invalid' in schedule) return;
          const clock = byTheClock(cron, zone, from, until);
          const ours = timesAfter(cron, zone, from, clock.length + 1);
          expect(ours.filter((time) => Date.parse(time) <= until)).to.deep.equal(clock);
          const latest = schedule.latest(new Date(until));
          const last = clock.at(-1);
          if (last) expect(latest && text(latest)).to.equal(last);
          else expect(latest === undefined || latest <= new Date(from)).to.equal(true);
        },
      ),
      { numRuns: 25 },
    );
  }).timeout(120_000);
});
