import { expect } from 'chai';
import { readSchedule, type Schedule } from './schedule.ts';

function scheduleOf(cron: string, timeZone = 'Etc/UTC'): Schedule {
  const schedule = readSchedule({ cron, timeZone });
  if ('invalid' in schedule) throw new Error(schedule.invalid);
  return schedule;
}

describe('schedule', () => {
  const times = [
    {
      cron: '0 3 * * 0',
      at: '2026-11-22T03:00:00.000Z',
      latest: '2026-11-22T03:00:00.000Z',
      next: '2026-11-29T03:00:00.000Z',
    },
    {
      cron: '0 3 * * 0',
      at: '2026-11-22T02:59:59.999Z',
      latest: '2026-11-15T03:00:00.000Z',
      next: '2026-11-22T03:00:00.000Z',
    },
    {
      cron: '0 3 * * SUN',
      at: '2026-11-25T00:00:00.000Z',
      latest: '2026-11-22T03:00:00.000Z',
      next: '2026-11-29T03:00:00.000Z',
    },
    {
      cron: '*/15 8-17 * jan-mar 1,3',
      at: '2026-01-05T08:20:00.500Z',
      latest: '2026-01-05T08:15:00.000Z',
      next: '2026-01-05T08:30:00.000Z',
    },
    {
      cron: '0 3 1 * 1',
      at: '2026-09-02T00:00:00.000Z',
      latest: '2026-09-01T03:00:00.000Z',
      next: '2026-09-07T03:00:00.000Z',
    },
    {
      cron: '0 3 * * 0',
      zone: 'Europe/Paris',
      at: '2026-07-01T00:00:00.000Z',
      latest: '2026-06-28T01:00:00.000Z',
      next: '2026-07-05T01:00:00.000Z',
    },
    {
      cron: '0 3 * * 0',
      zone: 'Asia/Kolkata',
      at: '2026-07-01T00:00:00.000Z',
      latest: '2026-06-27T21:30:00.000Z',
      next: '2026-07-04T21:30:00.000Z',
    },
    // The night on which the clock is put back has 02:30 twice: two times, as with a CronJob.
    {
      cron: '30 2 * * *',
      zone: 'Europe/Paris',
      at: '2026-10-25T00:45:00.000Z',
      latest: '2026-10-25T00:30:00.000Z',
      next: '2026-10-25T01:30:00.000Z',
    },
    // The night on which it is put forward has none.
    {
      cron: '30 2 * * *',
      zone: 'Europe/Paris',
      at: '2026-03-29T12:00:00.000Z',
      latest: '2026-03-28T01:30:00.000Z',
      next: '2026-03-30T00:30:00.000Z',
    },
    // 2100 is no leap year.
    {
      cron: '0 0 29 2 *',
      at: '2097-01-01T00:00:00.000Z',
      latest: '2096-02-29T00:00:00.000Z',
      next: '2104-02-29T00:00:00.000Z',
    },
    // An era before ours, as the zone counts it, is no reason to search for ever.
    {
      cron: '0 0 1 1 *',
      at: '1970-01-01T00:00:00.000Z',
      latest: '1970-01-01T00:00:00.000Z',
      next: '1971-01-01T00:00:00.000Z',
    },
  ];
  for (const { cron, zone, at, latest, next } of times) {
    it(`${cron} ${zone ?? ''} at ${at}`, () => {
      const schedule = scheduleOf(cron, zone);
      expect(schedule.latest(new Date(at))?.toISOString()).to.equal(latest);
      expect(schedule.next(new Date(at))?.toISOString()).to.equal(next);
    });
  }

  const mistakes = [
    {
      cron: '0 3 * *',
      says: 'spec.schedule.cron "0 3 * *" cannot be read (it has 4 fields, not five)',
    },
    { cron: '0 0 3 * * 0', says: 'it has 6 fields, not five' },
    { cron: '@weekly', says: 'it has 1 fields, not five' },
    { cron: '0 3 L * *', says: 'its day of month "L" is not in 1 to 31' },
    { cron: '0 3 15W * *', says: 'its day of month "15W" is not in 1 to 31' },
    { cron: '61 3 * * 0', says: '"61 3 * * 0" cannot be read (its minute "61" is not in 0 to 59)' },
    { cron: '0 3 * * 7', says: 'its day of week "7" is not in 0 to 6, or sun to sat' },
    { cron: '0 3 * * fri-mon', says: 'its day of week "fri-mon" ends before it begins' },
    { cron: '*/0 3 * * 0', says: 'its minute "*/0" has a step of 0' },
    // These two Kubernetes takes: as a star, and as a field that never matches.
    { cron: '*-5 3 * * 0', says: 'its minute "*-5" is no value, range or step' },
    { cron: '0 3,, * * 0', says: 'its hour "" is no value, range or step' },
    { cron: '0 3 30 2 *', says: 'never comes' },
    {
      cron: '0 3 * * 0',
      zone: 'Mars/Olympus',
      says: 'spec.schedule.timeZone "Mars/Olympus" is not a time zone',
    },
    { cron: '0 3 * * 0', zone: 'Local', says: 'spec.schedule.timeZone "Local"' },
    { cron: '0 3 * * 0', zone: '', says: 'spec.schedule.timeZone ""' },
    { cron: '0 3 * * 0', zone: '+01:00', says: 'spec.schedule.timeZone "+01:00"' },
  ];
  for (const { cron, zone, says } of mistakes) {
    it(`refuses ${cron} ${zone ?? ''}`, () => {
      const answer = readSchedule({ cron, timeZone: zone ?? 'Etc/UTC' });
      expect('invalid' in answer && answer.invalid).to.include(says);
    });
  }

  it('counts the times between two others, and no further than asked', () => {
    const schedule = scheduleOf('0 * * * *');
    const count = (after: string, before: string) =>
      schedule.count(new Date(after), new Date(before), 100);
    expect(count('2026-01-01T00:00:00Z', '2026-01-01T03:00:00Z')).to.equal(2);
    expect(count('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')).to.equal(0);
    expect(count('1970-01-01T00:00:00Z', '2026-01-01T03:00:00Z')).to.equal(100);
  });
});
