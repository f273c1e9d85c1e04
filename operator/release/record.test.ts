import { expect } from 'chai';
import type { ControllerRevision } from '../api/kubernetes.ts';
import { Cluster } from './fixtures/cluster.ts';
import { digest, evaluateMessage, snapshotMessage, trainMessage } from './fixtures/messages.ts';
import { buildRecord, readRecord, withoutDetails } from './record.ts';
import type { Run } from './run.ts';

const release = 'pictograms-20261122-020000';

/** A cluster with one whole run behind it. */
function lived(): Cluster {
  const cluster = new Cluster();
  cluster.step();
  cluster.succeed('snapshot', snapshotMessage());
  cluster.step();
  cluster.succeed('train', trainMessage(release));
  cluster.step();
  cluster.succeed('evaluate', evaluateMessage(cluster.question()));
  cluster.step();
  cluster.becomeReady();
  cluster.step();
  return cluster;
}

function recordOf(cluster: Cluster): ControllerRevision {
  const record = cluster.records.get(release);
  if (!record) throw new Error('There is no record.');
  return record;
}

function withRecalls(record: ControllerRevision, lowestRecalls: object[]): ControllerRevision {
  const { annotations = {} } = record.metadata;
  const facts = JSON.parse(annotations['shelfwise.dev/evaluation'] ?? '');
  const evaluation = JSON.stringify({ ...facts, lowestRecalls });
  const changed = { ...annotations, 'shelfwise.dev/evaluation': evaluation };
  return { ...record, metadata: { ...record.metadata, annotations: changed } };
}

describe('record', () => {
  it('holds all that a run was told and found', () => {
    const cluster = lived();
    const record = recordOf(cluster);
    const run = readRecord(record) as Run;
    expect(run.spec).to.deep.equal(cluster.modelRelease.spec);
    expect(run.images).to.deep.equal({
      snapshot: 'registry.example/snapshot:1',
      trainer: 'registry.example/trainer:1',
      inference: 'registry.example/inference:1',
    });
    expect(run.snapshot?.dataset).to.equal(digest('d'));
    expect(run.training?.message?.metrics.accuracy).to.equal(0.83);
    expect(run.evaluation?.metrics.accuracy).to.equal(0.81);
    expect(run.verdict?.checks).to.have.length(1);
    expect(run.outcome?.outcome).to.equal('Served');
    expect(Object.keys(record.metadata.annotations ?? {})).to.have.members(
      ['snapshot', 'training', 'evaluation', 'verdict', 'outcome'].map(
        (part) => `shelfwise.dev/${part}`,
      ),
    );
  });

  it('comes back from the API as it went in', () => {
    const cluster = lived();
    const record = recordOf(cluster);
    const again = buildRecord(readRecord(record) as Run, cluster.modelRelease);
    expect(again.data).to.deep.equal(record.data);
    const values = (texts: Record<string, string> = {}) =>
      Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, JSON.parse(text)]));
    expect(values(again.metadata.annotations)).to.deep.equal(values(record.metadata.annotations));
  });

  it('can do without the recalls of a run that is over', () => {
    const cluster = lived();
    const recall = { class: 'shoes', recall: 0.4, support: 20 };
    const record = withRecalls(recordOf(cluster), [recall]);
    const small = withoutDetails(record);
    expect((readRecord(record) as Run).evaluation?.lowestRecalls).to.deep.equal([recall]);
    expect((readRecord(small) as Run).evaluation?.lowestRecalls).to.deep.equal([]);
    expect((readRecord(record) as Run).evaluation).to.have.property('comparison');
    expect((readRecord(small) as Run).evaluation).not.to.have.property('comparison');
    cluster.records.set(release, small);
    const plan = cluster.step();
    expect(plan.note).to.deep.equal([]);
    expect(plan.status).to.equal(undefined);
  });

  it('is kept whole while its run is not over, and where it cannot be read', () => {
    const record = withRecalls(recordOf(lived()), []);
    const { 'shelfwise.dev/outcome': _, ...open } = record.metadata.annotations ?? {};
    const broken = { ...record.metadata.annotations, 'shelfwise.dev/evaluation': '{' };
    const other = { ...record.metadata.annotations, 'shelfwise.dev/evaluation': '{"step":"x"}' };
    for (const annotations of [open, broken, other, {}]) {
      const whole = { ...record, metadata: { ...record.metadata, annotations } };
      expect(withoutDetails(whole)).to.equal(whole);
    }
  });

  const broken: { name: string; change: (record: ControllerRevision) => unknown; says: string }[] =
    [
      {
        name: 'no data',
        change: (record) => ({ ...record, data: undefined }),
        says: `data of ControllerRevision ${release} cannot be read`,
      },
      {
        name: 'data of a newer version',
        change: (record) => ({ ...record, data: { ...(record.data as object), schemaVersion: 2 } }),
        says: 'schemaVersion',
      },
      {
        name: 'no spec',
        change: (record) => ({ ...record, data: { ...(record.data as object), spec: {} } }),
        says: 'spec: is no spec of a ModelRelease',
      },
      {
        name: 'data of another release',
        change: (record) => ({ ...record, data: { ...(record.data as object), release: 'x' } }),
        says: 'it is of release x',
      },
      ...['snapshot', 'training', 'evaluation', 'verdict', 'outcome'].flatMap((part) =>
        ['', '{', 'null', '[]', '{"verdict":"Pass!"}', '"Served"'].map((text) => ({
          name: `${part} ${text}`,
          change: (record: ControllerRevision) => ({
            ...record,
            metadata: {
              ...record.metadata,
              annotations: { ...record.metadata.annotations, [`shelfwise.dev/${part}`]: text },
            },
          }),
          says: `annotation shelfwise.dev/${part} of ControllerRevision ${release} cannot be read`,
        })),
      ),
    ];
  for (const { name, change, says } of broken) {
    it(`says that it cannot be read: ${name}`, () => {
      const read = readRecord(change(recordOf(lived())) as ControllerRevision);
      expect('unreadable' in read && read.unreadable).to.include(says);
    });
  }
});
