import { expect } from 'chai';
import { runNowAnnotation } from '../api/metadata.ts';
import { timestamp } from '../api/names.ts';
import { Cluster } from './fixtures/cluster.ts';
import { failure } from './fixtures/messages.ts';

const hour = 3600_000;
const degraded = (cluster: Cluster) =>
  cluster.modelRelease.status?.conditions?.find(({ type }) => type === 'Degraded');

/** Plays a run, asked for now, until its release serves. */
function serve(cluster: Cluster, letter: string): void {
  const annotations = { [runNowAnnotation]: timestamp(cluster.now) };
  const { metadata } = cluster.modelRelease;
  cluster.modelRelease = { ...cluster.modelRelease, metadata: { ...metadata, annotations } };
  cluster.serve(letter);
}

describe('clock', () => {
  it('put back by an hour: the newer release serves on, and is the newest', () => {
    const cluster = new Cluster();
    serve(cluster, 'a');
    cluster.now = new Date(cluster.now.getTime() - hour);
    // The first run's slot is its creation; run-now has to name a later time than that.
    const schedule = { ...cluster.modelRelease.spec.schedule, cron: '30 0 * * *' };
    cluster.modelRelease = {
      ...cluster.modelRelease,
      spec: { ...cluster.modelRelease.spec, schedule },
    };
    cluster.now = new Date('2026-11-23T00:30:00Z');
    cluster.step();
    cluster.now = new Date('2026-11-22T23:30:00Z');
    cluster.serve('b');
    const { serving, history } = cluster.modelRelease.status ?? {};
    expect(serving?.release).to.equal('pictograms-20261123-003000');
    expect(serving?.since).to.equal('2026-11-23T00:30:00Z');
    expect(history?.map(({ release }) => release)).to.deep.equal([
      'pictograms-20261123-003000',
      'pictograms-20261122-020000',
    ]);
  });

  it('an hour behind the API server: the first run does not wait, and a condition says why its name is of the future', () => {
    const cluster = new Cluster();
    cluster.now = new Date('2026-11-22T01:00:00Z');
    const plan = cluster.step();
    expect(plan.begin.map(({ metadata }) => metadata.name)).to.deep.equal([
      'pictograms-20261122-020000',
    ]);
    expect(degraded(cluster)?.reason).to.equal('ClockSkew');
    expect(degraded(cluster)?.message).to.include(
      "By the API server's clock ModelRelease pictograms was created at 2026-11-22T02:00:00Z, which is still to come by the operator's",
    );
    expect(cluster.step().status).to.equal(undefined);
    cluster.now = new Date('2026-11-22T02:00:00Z');
    cluster.step();
    expect(degraded(cluster)?.reason).to.equal('AsDesired');
  });

  it('an hour ahead of the API server: said while the run goes on that showed it', () => {
    const cluster = new Cluster();
    cluster.now = new Date('2026-11-22T02:40:00Z');
    cluster.step();
    for (const [name, record] of cluster.records) {
      const metadata = { ...record.metadata, creationTimestamp: '2026-11-22T02:00:02Z' };
      cluster.records.set(name, { ...record, metadata });
    }
    cluster.step();
    expect(degraded(cluster)?.message).to.include(
      "Release pictograms-20261122-020000 began at 2026-11-22T02:40:00Z by the operator's clock and at 2026-11-22T02:00:02Z by the API server's",
    );
    cluster.fail('snapshot', { exitCode: 1 });
    cluster.step();
    expect(degraded(cluster)?.reason).to.equal('StepCrashed');
  });

  it('that was ahead by a week and is right again: says why the schedule rests until then', () => {
    const cluster = new Cluster();
    const fail = () => {
      cluster.step();
      cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
      cluster.step();
    };
    fail();
    cluster.now = new Date('2026-11-29T03:00:00Z');
    fail();
    // By the API server's clock, which was right, the record is of today.
    for (const [name, record] of cluster.records) {
      const metadata = { ...record.metadata, creationTimestamp: '2026-11-22T02:00:00Z' };
      cluster.records.set(name, { ...record, metadata });
    }
    for (const [name, job] of cluster.jobs) {
      const metadata = { ...job.metadata, creationTimestamp: '2026-11-22T02:00:00Z' };
      cluster.jobs.set(name, { ...job, metadata });
    }
    cluster.now = new Date('2026-11-22T03:00:00Z');
    expect(cluster.step().begin).to.deep.equal([]);
    expect(degraded(cluster)?.reason).to.equal('ClockSkew');
    expect(degraded(cluster)?.message).to.include(
      'pictograms-20261129-030000 was run for a slot that is still to come',
    );
    cluster.now = new Date('2026-12-06T03:00:00Z');
    expect(cluster.step().begin).to.have.length(1);
    expect(degraded(cluster)?.reason).to.not.equal('ClockSkew');
  });
});
