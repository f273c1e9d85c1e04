import { expect } from 'chai';
import { runNowAnnotation } from '../api/metadata.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { evaluateMessage, failure, snapshotMessage, trainMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

const first = 'pictograms-20261122-020000';

/** A release that serves, and a failed run in each of so many weeks after it. */
function lived(weeks: number): Cluster {
  const cluster = new Cluster();
  cluster.serve('d', 'a');
  for (let week = 0; week < weeks; week++) {
    cluster.now = new Date(Date.parse('2026-11-22T03:00:00Z') + week * 7 * 24 * 3600 * 1000);
    cluster.step();
    cluster.fail('snapshot', failure('snapshot', 'BadData', `row ${week} is empty`));
    cluster.step();
    cluster.step();
  }
  return cluster;
}

describe('pruning of Jobs', () => {
  it('leaves those of the newest three runs, and every record', () => {
    const cluster = lived(4);
    expect(decide(cluster.look()).remove).to.deep.equal([]);
    expect(cluster.records.size).to.equal(5);
    expect([...cluster.jobs.keys()]).to.deep.equal([
      'pictograms-20261129-030000-snapshot',
      'pictograms-20261206-030000-snapshot',
      'pictograms-20261213-030000-snapshot',
    ]);
    expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
  });

  it('takes none while there are only three', () => {
    expect(lived(2).jobs.size).to.equal(5);
  });

  it('starts nothing anew for a Job that was taken', () => {
    const cluster = lived(4);
    const created = cluster.created.length;
    for (let look = 0; look < 5; look++) cluster.step();
    expect(cluster.created.length).to.equal(created);
  });
});

describe('pruning of records', () => {
  it('leaves the one that says of these very inputs that they failed: else they would be trained on every other week', () => {
    const cluster = new Cluster(modelRelease({ spec: { historyLimit: 1 } }));
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    cluster.succeed('train', trainMessage(first));
    cluster.step();
    cluster.succeed('evaluate', evaluateMessage(cluster.question(), { accuracy: 0.1 }));
    cluster.step();
    for (const day of ['2026-11-22', '2026-11-29', '2026-12-06']) {
      cluster.now = new Date(`${day}T03:00:00Z`);
      cluster.step();
      cluster.succeed('snapshot', snapshotMessage());
      for (let look = 0; look < 3; look++) cluster.step();
      const [last] = cluster.modelRelease.status?.history ?? [];
      const release = `pictograms-${day.replaceAll('-', '')}-030000`;
      expect(last).to.include({ release, outcome: 'NoNewData' });
    }
  });

  it('leaves the run of the newest slot, whoever asked for it: the slot would come again', () => {
    const schedule = { ...spec.schedule, startingDeadlineSeconds: 7 * 24 * 3600 };
    const cluster = new Cluster(modelRelease({ spec: { historyLimit: 1, schedule } }));
    const fail = () => {
      cluster.step();
      cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
      for (let look = 0; look < 3; look++) cluster.step();
    };
    fail();
    for (const time of ['03:00:00', '04:00:00', '05:00:00', '06:00:00']) {
      cluster.now = new Date(`2026-11-22T${time}Z`);
      const { metadata } = cluster.modelRelease;
      const annotations = { [runNowAnnotation]: `2026-11-22T${time}Z` };
      cluster.modelRelease = { ...cluster.modelRelease, metadata: { ...metadata, annotations } };
      fail();
    }
    const runs = cluster.created.filter((id) => id.startsWith('ControllerRevision/'));
    expect(runs).to.deep.equal([...new Set(runs)]);
    expect(runs).to.have.length(5);
  });
});
