import { expect } from 'chai';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { evaluateMessage, failure, snapshotMessage, trainMessage } from './fixtures/messages.ts';

const first = 'pictograms-20261122-020000';

/** A release that serves, and a failed run in each of so many weeks after it. */
function lived(weeks: number): Cluster {
  const cluster = new Cluster();
  cluster.step();
  cluster.succeed('snapshot', snapshotMessage());
  cluster.step();
  cluster.succeed('train', trainMessage(first));
  cluster.step();
  cluster.succeed('evaluate', evaluateMessage(cluster.question()));
  cluster.step();
  cluster.becomeReady();
  cluster.step();
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
