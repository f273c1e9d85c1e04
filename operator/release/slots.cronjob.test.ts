/** When a run starts by its schedule: the cases of Kubernetes' own tests of CronJob (whose concurrency policy is Forbid here). */
import { expect } from 'chai';
import { Cluster } from './fixtures/cluster.ts';
import { failure } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

interface Case {
  name: string;
  cron?: string;
  timeZone?: string;
  /** undefined: none, as an object may have that was stored without it. */
  deadline?: number | undefined;
  suspend?: boolean;
  /** Slots that had a run, all of them over save for the last, if that is active. Times are of the day of creation, or whole. */
  ran?: string[];
  active?: true;
  now: string;
  /** The slot whose run starts now. */
  starts?: string;
  /** What the event about slots without a run says. */
  missed?: string;
  /** What the condition Progressing says. */
  says?: string;
}

const hourly = '0 * * * *';
/** Created on a Sunday at 02:00:00; its first run is over. */
const cases: Case[] = [
  { name: 'never ran, not time', now: '02:59:59' },
  { name: 'never ran, time', now: '03:00:00', starts: '03:00:00' },
  { name: 'never ran, a little late', now: '03:00:30', starts: '03:00:00' },
  {
    name: 'never ran, past the deadline',
    deadline: 15,
    now: '03:00:16',
    says: 'The run due at 2026-11-22T03:00:00Z was missed by more than spec.schedule.startingDeadlineSeconds (15 s) and left out.',
  },
  { name: 'never ran, at the deadline', deadline: 15, now: '03:00:15', starts: '03:00:00' },
  { name: 'never ran, suspended', suspend: true, now: '03:00:00' },
  {
    name: 'never ran, time in its zone',
    cron: '0 22 * * 0',
    timeZone: 'Asia/Tokyo',
    now: '13:00:01',
    starts: '13:00:00',
  },
  {
    name: 'never ran, not time in its zone',
    cron: '0 13 * * 0',
    timeZone: 'Asia/Tokyo',
    now: '13:00:01',
    deadline: 60,
    says: 'The run due at 2026-11-22T04:00:00Z was missed',
  },
  {
    name: 'never ran, no such zone',
    timeZone: 'Mars/Base',
    now: '03:00:00',
    says: 'No run is scheduled.',
  },
  {
    name: 'never ran, no readable schedule',
    cron: 'hourly',
    now: '03:00:00',
    says: 'No run is scheduled.',
  },
  {
    name: 'never ran, a day that never comes',
    cron: '59 23 31 2 *',
    now: '10:00:00',
    says: 'No run is scheduled.',
  },
  { name: 'ran, not time', ran: ['03:00:00'], now: '03:30:00' },
  { name: 'ran, time', ran: ['03:00:00'], now: '04:00:00', starts: '04:00:00' },
  { name: 'ran, suspended', ran: ['03:00:00'], suspend: true, now: '04:00:00' },
  {
    name: 'ran, past the deadline',
    deadline: 10,
    ran: ['03:00:00'],
    now: '04:01:00',
    says: 'The run due at 2026-11-22T04:00:00Z was missed',
  },
  {
    name: 'ran, not past the deadline',
    deadline: 300,
    ran: ['03:00:00'],
    now: '04:01:00',
    starts: '04:00:00',
  },
  { name: 'active, not time', ran: ['03:00:00'], active: true, now: '03:30:00' },
  { name: 'active, time', ran: ['03:00:00'], active: true, now: '04:00:00' },
  { name: 'active, long overdue', ran: ['03:00:00'], active: true, now: '23:10:00' },
  {
    name: 'long overdue',
    ran: ['03:00:00'],
    now: '10:10:00',
    starts: '10:00:00',
    missed:
      '6 slots of spec.schedule since 2026-11-22T03:00:00Z passed without a run: the newest, of 2026-11-22T10:00:00Z, is run now.',
  },
  {
    name: 'long overdue, no deadline',
    deadline: undefined,
    ran: ['03:00:00'],
    now: '10:59:59',
    starts: '10:00:00',
    missed: '6 slots',
  },
  {
    name: 'long overdue, past a short deadline',
    deadline: 60,
    ran: ['03:00:00'],
    now: '10:10:00',
    says: 'was missed',
  },
  {
    name: 'one missed',
    ran: ['03:00:00'],
    now: '05:10:00',
    starts: '05:00:00',
    missed: '1 slot of',
  },
  {
    name: 'a hundred missed',
    cron: '* * * * *',
    ran: ['03:00:00'],
    now: '04:41:30',
    starts: '04:41:00',
    missed: '100 slots',
  },
  {
    name: 'more than a hundred missed',
    cron: '* * * * *',
    ran: ['03:00:00'],
    now: '04:42:30',
    starts: '04:42:00',
    missed: 'more than 100 slots',
  },
  {
    name: 'years missed',
    cron: '* * * * *',
    ran: ['03:00:00'],
    now: '2036-11-22T03:00:30',
    starts: '2036-11-22T03:00:00',
    missed: 'more than 100 slots',
  },
  {
    name: 'some missed since its creation',
    cron: '*/10 * * * *',
    now: '02:35:00',
    starts: '02:30:00',
    missed: '2 slots of spec.schedule since 2026-11-22T02:00:00Z',
  },
  {
    name: 'nothing missed over a weekend',
    cron: '30 6-16/4 * * 1-5',
    ran: ['2026-11-27T14:30:00'],
    now: '2026-11-30T06:31:00',
    starts: '2026-11-30T06:30:00',
  },
  {
    name: 'some missed since a weekend',
    cron: '30 10,11,12 * * 1-5',
    ran: ['2026-11-27T12:30:00'],
    now: '2026-12-01T10:45:00',
    starts: '2026-12-01T10:30:00',
    missed: '3 slots',
  },
  {
    name: 'weekly, two missed',
    cron: '0 12 * * 4',
    ran: ['2026-12-03T12:00:00'],
    now: '2026-12-24T12:30:00',
    starts: '2026-12-24T12:00:00',
    missed: '2 slots',
  },
  {
    name: 'once a year, without a deadline',
    cron: '0 0 29 2 *',
    deadline: undefined,
    now: '2028-03-02T00:00:00',
    starts: '2028-02-29T00:00:00',
  },
  {
    name: 'the clock was put back behind the last slot',
    ran: ['03:00:00', '04:00:00'],
    now: '03:10:00',
    says: 'The next run starts at 2026-11-22T05:00:00Z.',
  },
  {
    name: 'the clock was put back before its creation',
    now: '01:10:00',
    says: 'The next run starts at 2026-11-22T02:00:00Z.',
  },
  {
    name: 'the clock was put forward by an hour, past a slot',
    now: '03:59:00',
    starts: '03:00:00',
  },
  {
    name: 'the new schedule has no time since the last slot',
    cron: '30 2 * * *',
    ran: ['03:00:00'],
    now: '03:10:00',
  },
  {
    name: 'the new schedule has a time since the last slot',
    cron: '5 * * * *',
    ran: ['03:00:00'],
    now: '03:10:00',
    starts: '03:05:00',
  },
  {
    name: 'the same time of another zone has had its run',
    cron: '0 4 * * *',
    timeZone: 'Europe/Paris',
    ran: ['03:00:00'],
    now: '03:10:00',
  },
  {
    name: 'an hour that is there twice is run twice',
    cron: '30 2 * * *',
    timeZone: 'Europe/Paris',
    ran: ['2027-10-31T00:30:00'],
    now: '2027-10-31T01:30:00',
    starts: '2027-10-31T01:30:00',
  },
  {
    name: 'an hour that is not there is not run',
    cron: '30 2 * * *',
    timeZone: 'Europe/Paris',
    ran: ['2027-03-27T01:30:00'],
    now: '2027-03-28T01:30:00',
    says: 'The next run starts at 2027-03-29T00:30:00Z.',
  },
];

const whole = (time: string) => `${time.includes('T') ? time : `2026-11-22T${time}`}Z`;

describe('slots, as a CronJob has them', () => {
  for (const { name, ...each } of cases) {
    it(name, () => {
      const { cron = hourly, timeZone = 'Etc/UTC', suspend = false, ran = [], active, now } = each;
      const startingDeadlineSeconds = ('deadline' in each ? each.deadline : 3600) as number;
      const cluster = new Cluster(modelRelease());
      cluster.step();
      cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
      cluster.step();
      setSchedule(cluster, { cron: '* * * * *' });
      for (const time of ran) {
        cluster.now = new Date(whole(time));
        cluster.step();
        if (active && time === ran.at(-1)) break;
        cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
        cluster.step();
      }
      setSchedule(cluster, { cron, timeZone, suspend, startingDeadlineSeconds });

      cluster.now = new Date(whole(now));
      const plan = cluster.step();
      const slots = plan.begin.map(({ data }) => (data as { slot?: string } | undefined)?.slot);
      expect(slots).to.deep.equal(each.starts === undefined ? [] : [whole(each.starts)]);
      const missed = plan.events.filter(({ reason }) => reason === 'SlotsMissed');
      expect(missed).to.have.length(each.missed === undefined ? 0 : 1);
      expect(missed[0]?.note ?? '').to.include(each.missed ?? '');
      expect(progressing(cluster)).to.include(each.says ?? '');
      expect(cluster.step().begin, 'at a second look').to.deep.equal([]);
    });
  }

  it('after the run that is active, if that is within the deadline', () => {
    for (const [ends, starts] of [
      ['04:59:59', ['2026-11-22T04:00:00Z']],
      ['05:30:00', ['2026-11-22T05:00:00Z']],
    ] as const) {
      const cluster = new Cluster(
        modelRelease({ spec: { schedule: { ...spec.schedule, cron: hourly } } }),
      );
      cluster.step();
      cluster.now = new Date(whole(ends));
      cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
      const { begin } = cluster.step();
      expect(begin.map(({ data }) => (data as { slot?: string } | undefined)?.slot)).to.deep.equal(
        starts,
      );
    }
  });

  it('suspended over several slots and resumed: the newest, if that is within the deadline', () => {
    const cluster = new Cluster(modelRelease());
    cluster.step();
    cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
    cluster.step();
    setSchedule(cluster, { cron: hourly, suspend: true });
    cluster.now = new Date(whole('06:20:00'));
    expect(cluster.step().begin).to.deep.equal([]);
    setSchedule(cluster, { cron: hourly });
    expect(cluster.step().begin.map(({ metadata }) => metadata.name)).to.deep.equal([
      'pictograms-20261122-060000',
    ]);
  });

  for (const [name, deadline, now, wait] of [
    ['the next slot', 3600, '02:59:59.400', 600],
    ['a clock that may be put forward', 3600, '02:20:00', 15 * 60_000],
    ['a clock that may be put forward past a short deadline', 20, '02:20:00', 20_000],
  ] as const) {
    it(`looks again for the sake of ${name}`, () => {
      const cluster = new Cluster(modelRelease());
      cluster.step();
      setSchedule(cluster, { cron: hourly, startingDeadlineSeconds: deadline });
      cluster.now = new Date(whole(now));
      expect(cluster.step().requeueAfterMs).to.equal(wait);
    });
  }
});

function setSchedule(cluster: Cluster, change: Partial<typeof spec.schedule>): void {
  const schedule = { ...spec.schedule, ...change };
  cluster.modelRelease = { ...cluster.modelRelease, spec: { ...spec, schedule } };
}

function progressing(cluster: Cluster): string {
  const { conditions = [] } = cluster.modelRelease.status ?? {};
  return conditions.find(({ type }) => type === 'Progressing')?.message ?? '';
}
