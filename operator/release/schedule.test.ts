import { expect } from 'chai';
import { readSchedule, type Schedule } from './schedule.ts';

const settings = { startingDeadlineSeconds: 3600, suspend: false };

function scheduleOf(cron: string, timeZone = 'Etc/UTC'): Schedule {
  const schedule = readSchedule({ cron, timeZone, ...settings });
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
    // The night on which the clock is put back has 02:30 twice: one run.
    {
      cron: '30 2 * * *',
      zone: 'Europe/Paris',
      at: '2026-10-25T01:45:00.000Z',
      latest: '2026-10-25T00:30:00.000Z',
      next: '2026-10-26T01:30:00.000Z',
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
    { cron: '0 3 * *', says: 'spec.schedule.cron "0 3 * *" is not five cron fields' },
    { cron: '0 0 3 * * 0', says: 'is not five cron fields' },
    { cron: '@weekly', says: 'is not five cron fields' },
    { cron: '0 3 L * *', says: 'is not five cron fields' },
    { cron: '0 3 15W * *', says: 'is not five cron fields' },
    {
      cron: '61 3 * * 0',
      says: 'spec.schedule.cron "61 3 * * 0" cannot be read (Invalid value for minute: 61)',
    },
    { cron: '*/0 3 * * 0', says: 'cannot be read' },
    { cron: '0 3 30 2 *', says: 'never comes' },
    {
      cron: '0 3 * * 0',
      zone: 'Mars/Olympus',
      says: 'spec.schedule.timeZone "Mars/Olympus" is not a time zone',
    },
    { cron: '0 3 * * 0', zone: 'Local', says: 'spec.schedule.timeZone "Local"' },
    { cron: '0 3 * * 0', zone: '', says: 'spec.schedule.timeZone ""' },
  ];
  for (const { cron, zone, says } of mistakes) {
    it(`refuses ${cron} ${zone ?? ''}`, () => {
      const answer = readSchedule({ cron, timeZone: zone ?? 'Etc/UTC', ...settings });
      expect('invalid' in answer && answer.invalid).to.include(says);
    });
  }
});
