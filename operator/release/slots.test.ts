import { expect } from 'chai';
import { runNowAnnotation } from '../api/metadata.ts';
import { Cluster } from './fixtures/cluster.ts';
import { failure } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

/** A ModelRelease whose first run failed: nothing is active. */
function atRest(change: Parameters<typeof modelRelease>[0] = {}): Cluster {
  const cluster = new Cluster(modelRelease(change));
  cluster.step();
  cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
  cluster.step();
  return cluster;
}

function annotate(cluster: Cluster, value: string): void {
  const { metadata } = cluster.modelRelease;
  cluster.modelRelease = {
    ...cluster.modelRelease,
    metadata: { ...metadata, annotations: { [runNowAnnotation]: value } },
  };
}

const begun = (cluster: Cluster) => cluster.step().begin.map(({ metadata }) => metadata.name);
const condition = (cluster: Cluster, type: string) =>
  cluster.modelRelease.status?.conditions?.find((each) => each.type === type);

describe('slots: when a run starts', () => {
  const moments = [
    { now: '2026-11-22T02:59:59.999Z', starts: [] },
    { now: '2026-11-22T03:00:00Z', starts: ['pictograms-20261122-030000'] },
    { now: '2026-11-22T04:00:00Z', starts: ['pictograms-20261122-030000'] },
    { now: '2026-11-22T04:00:00.001Z', starts: [] },
    // Three Sundays were missed: only the newest is made up for.
    { now: '2026-12-13T03:20:00Z', starts: ['pictograms-20261213-030000'] },
  ];
  for (const { now, starts } of moments) {
    it(`by its schedule at ${now}: ${starts[0] ?? 'none'}`, () => {
      const cluster = atRest();
      cluster.now = new Date(now);
      expect(begun(cluster)).to.deep.equal(starts);
    });
  }

  it('says which slot was missed, and when the next one is', () => {
    const cluster = atRest();
    cluster.now = new Date('2026-11-22T05:00:00Z');
    cluster.step();
    expect(condition(cluster, 'Progressing')?.message).to.equal(
      'The run due at 2026-11-22T03:00:00Z was missed by more than spec.schedule.startingDeadlineSeconds (3600 s) and left out. The next run starts at 2026-11-29T03:00:00Z.',
    );
  });

  it('after the active run, when a slot comes while it is active', () => {
    const cluster = new Cluster();
    cluster.step();
    cluster.now = new Date('2026-11-22T03:10:00Z');
    expect(begun(cluster)).to.deep.equal([]);
    cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
    expect(begun(cluster)).to.deep.equal(['pictograms-20261122-030000']);
  });

  it('in the time zone of the spec', () => {
    const cluster = atRest({ spec: { schedule: { ...spec.schedule, timeZone: 'Asia/Kolkata' } } });
    cluster.now = new Date('2026-11-28T21:30:00Z');
    expect(begun(cluster)).to.deep.equal(['pictograms-20261128-213000']);
  });

  it('not while suspended, not even for the first time; and then at once', () => {
    const suspended = { ...spec.schedule, suspend: true };
    const cluster = new Cluster(modelRelease({ spec: { schedule: suspended } }));
    expect(begun(cluster)).to.deep.equal([]);
    expect(cluster.modelRelease.status?.phase).to.equal('Suspended');
    expect(cluster.modelRelease.status?.nextRun).to.equal(undefined);
    expect(condition(cluster, 'Progressing')?.reason).to.equal('Suspended');
    cluster.now = new Date('2026-11-25T00:00:00Z');
    cluster.modelRelease = { ...cluster.modelRelease, spec };
    expect(begun(cluster)).to.deep.equal(['pictograms-20261122-020000']);
  });

  for (const [field, value, says] of [
    ['cron', '61 3 * * 0', 'spec.schedule.cron "61 3 * * 0" cannot be read'],
    ['timeZone', 'Mars/Base', 'spec.schedule.timeZone "Mars/Base" is not a time zone'],
  ] as const) {
    it(`names a wrong ${field} in a condition`, () => {
      const cluster = atRest({ spec: { schedule: { ...spec.schedule, [field]: value } } });
      expect(condition(cluster, 'Degraded')?.reason).to.equal('InvalidSchedule');
      expect(condition(cluster, 'Degraded')?.message).to.include(says).and.to.include('write');
      expect(condition(cluster, 'Progressing')?.message).to.equal('No run is scheduled.');
    });
  }
});

describe('slots: run-now', () => {
  it('starts a run at that time, once', () => {
    const cluster = atRest();
    annotate(cluster, '2026-11-22T02:00:30.7+00:00');
    expect(begun(cluster)).to.deep.equal([]);
    expect(cluster.step().requeueAfterMs).to.equal(30_000);
    cluster.now = new Date('2026-11-22T02:05:00Z');
    expect(begun(cluster)).to.deep.equal(['pictograms-20261122-020030']);
    expect(cluster.modelRelease.status?.lastRunNow).to.equal('2026-11-22T02:00:30.7+00:00');
    cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
    expect(begun(cluster)).to.deep.equal([]);
    annotate(cluster, '2026-11-22T02:06:00Z');
    cluster.now = new Date('2026-11-22T02:06:00Z');
    expect(begun(cluster)).to.deep.equal(['pictograms-20261122-020600']);
  });

  it('also while the schedule is suspended', () => {
    const cluster = atRest({
      spec: { schedule: { ...spec.schedule, suspend: true } },
      annotations: { [runNowAnnotation]: '2026-11-22T02:00:00Z' },
    });
    annotate(cluster, '2026-11-22T02:01:00Z');
    cluster.now = new Date('2026-11-22T02:01:00Z');
    expect(begun(cluster)).to.deep.equal(['pictograms-20261122-020100']);
  });

  it('keeps the record that says it was followed, however many runs come after it', () => {
    const cluster = atRest({ spec: { historyLimit: 1 } });
    annotate(cluster, '2026-11-22T02:01:00Z');
    cluster.now = new Date('2026-11-22T02:01:00Z');
    for (const week of ['22', '29']) {
      cluster.step();
      cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
      cluster.step();
      cluster.step();
      cluster.now = new Date(`2026-11-${week}T03:00:00Z`);
    }
    expect([...cluster.records.keys()]).to.include('pictograms-20261122-020100');
    expect(
      cluster.created.filter((id) => id === 'ControllerRevision/pictograms-20261122-020100'),
    ).to.have.length(1);
  });

  for (const value of ['now', '2026-11-22', '2026-13-01T00:00:00Z', '2026-11-22T02:00:00', '']) {
    it(`names "${value}" in a condition`, () => {
      const cluster = atRest();
      annotate(cluster, value);
      expect(begun(cluster)).to.deep.equal([]);
      expect(condition(cluster, 'Degraded')?.reason).to.equal('InvalidRunNow');
      expect(condition(cluster, 'Degraded')?.message)
        .to.include(`is "${value}"`)
        .and.to.include('RFC 3339');
    });
  }

  it('names a time before the last one that was followed', () => {
    const cluster = atRest();
    cluster.now = new Date('2026-11-22T02:10:00Z');
    annotate(cluster, '2026-11-22T02:10:00Z');
    cluster.step();
    annotate(cluster, '2026-11-22T02:05:00Z');
    cluster.step();
    expect(condition(cluster, 'Degraded')?.message).to.include(
      'before the last time that was followed',
    );
  });
});
