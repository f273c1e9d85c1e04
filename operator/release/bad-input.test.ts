/** What people and other programs do to our objects, and what comes of it. */
import { expect } from 'chai';
import type { Job } from '../api/kubernetes.ts';
import { managedByLabel, releaseLabel, runNowAnnotation } from '../api/metadata.ts';
import type { ModelReleaseStatus } from '../api/model-release.ts';
import { timestamp } from '../api/names.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { evaluateMessage, failure, snapshotMessage } from './fixtures/messages.ts';
import { modelRelease } from './fixtures/model-release.ts';

const release = 'pictograms-20261122-020000';
type StepName = 'snapshot' | 'train' | 'evaluate';

/** A run that has come to this step. */
function at(step: StepName | 'rollout' | 'served', cluster = new Cluster()): Cluster {
  cluster.step();
  if (step === 'snapshot') return cluster;
  cluster.succeed('snapshot', snapshotMessage());
  cluster.step();
  if (step === 'train') return cluster;
  cluster.succeed('train', undefined);
  cluster.step();
  if (step === 'evaluate') return cluster;
  cluster.succeed('evaluate', evaluateMessage(cluster.question()));
  cluster.step();
  if (step === 'rollout') return cluster;
  cluster.becomeReady();
  cluster.step();
  return cluster;
}

function runNow(cluster: Cluster): void {
  const { metadata } = cluster.modelRelease;
  cluster.now = new Date(cluster.now.getTime() + 60_000);
  const annotations = { [runNowAnnotation]: timestamp(cluster.now) };
  cluster.modelRelease = { ...cluster.modelRelease, metadata: { ...metadata, annotations } };
}

const condition = (cluster: Cluster, type: string) =>
  cluster.modelRelease.status?.conditions?.find((each) => each.type === type);
const created = (cluster: Cluster) => cluster.step().create.map(({ metadata }) => metadata.name);
const steps: StepName[] = ['snapshot', 'train', 'evaluate'];

describe('bad input: deleted Jobs', () => {
  const states: { name: string; become(cluster: Cluster, step: StepName): void }[] = [
    { name: 'working', become: () => undefined },
    { name: 'complete, its result not seen yet', become: (c, step) => c.endJob(step, 'Complete') },
    { name: 'failed, which was not seen yet', become: (c, step) => c.endJob(step, 'Failed') },
  ];
  for (const step of steps) {
    for (const { name, become } of states) {
      it(`${step}, ${name}: is started again as the next attempt, with a word`, () => {
        const cluster = at(step);
        become(cluster, step);
        cluster.removeJob(`${release}-${step}`);
        const plan = cluster.step();
        expect(plan.create.map(({ metadata }) => metadata.name)).to.deep.equal([
          `${release}-${step}-2`,
        ]);
        expect(plan.events.map(({ reason, note }) => `${reason}: ${note}`)).to.deep.equal([
          `JobDeleted: Release ${release}: Job ${release}-${step} was deleted before its result was known: it is started again, attempt 2 of 3.`,
        ]);
        expect(cluster.modelRelease.status?.run?.job).to.equal(`${release}-${step}-2`);
        expect(created(cluster)).to.deep.equal([]);
      });
    }

    it(`${step}, again and again: the run ends`, () => {
      const cluster = at(step);
      for (const suffix of ['', '-2', '-3']) {
        cluster.removeJob(`${release}-${step}${suffix}`);
        cluster.step();
      }
      const last = cluster.modelRelease.status?.history?.[0];
      expect(last?.outcome).to.equal('RunFailed');
      expect(last?.reason).to.equal('JobDeleted');
      expect(last?.message).to.equal(
        `${step} failed: Job ${release}-${step}-3 was deleted before its result was known, and so were the attempts before it.`,
      );
      expect(condition(cluster, 'Degraded')?.reason).to.equal('JobDeleted');
      expect(created(cluster)).to.deep.equal([]);
    });

    it(`${step}, while its deletion goes on: waits for it to be gone`, () => {
      const cluster = at(step);
      const job = cluster.job(step);
      const metadata = { ...job.metadata, deletionTimestamp: '2026-11-22T02:00:01Z' };
      cluster.jobs.set(job.metadata.name, { ...job, metadata });
      cluster.stepPod(step, { phase: 'Failed' });
      expect(created(cluster)).to.deep.equal([]);
      expect(cluster.modelRelease.status?.run?.message).to.include(
        `Job ${release}-${step} is being deleted`,
      );
    });

    it(`${step}, after its result was seen: nothing is missed`, () => {
      const cluster = at('served');
      cluster.removeJob(`${release}-${step}`);
      expect(cluster.step().events).to.deep.equal([]);
      expect(created(cluster)).to.deep.equal([]);
    });

    it(`${step}, whose labels were taken away: is removed first, and then started again`, () => {
      const cluster = at(step);
      const job = cluster.job(step);
      const labels = { ...job.metadata.labels };
      delete labels[managedByLabel];
      const stray: Job = { ...job, metadata: { ...job.metadata, labels } };
      cluster.jobs.delete(job.metadata.name);
      const plan = decide({ ...cluster.look(), strays: [stray] });
      cluster.carryOut({ ...plan, remove: [] });
      expect(plan.create).to.deep.equal([]);
      expect(plan.remove).to.deep.equal([stray]);
      expect(plan.requeueAfterMs).to.equal(1000);
      expect(plan.events[0]?.note).to.include('lost the labels by which it is watched');
      expect(created(cluster)).to.deep.equal([`${release}-${step}-2`]);
    });

    it(`${step}, without labels, while its deletion goes on: waits, and says nothing twice`, () => {
      const cluster = at(step);
      const job = cluster.job(step);
      const { labels: _, ...metadata } = job.metadata;
      const deletionTimestamp = '2026-11-22T02:00:01Z';
      cluster.jobs.delete(job.metadata.name);
      const stray: Job = { ...job, metadata: { ...metadata, deletionTimestamp } };
      const plan = decide({ ...cluster.look(), strays: [stray] });
      const { remove, events, create } = plan;
      expect([...remove, ...events, ...create]).to.deep.equal([]);
    });

    it(`${step}, whose name is somebody else's: the run waits and says for whom`, () => {
      const cluster = at(step);
      const job = cluster.job(step);
      cluster.jobs.set(job.metadata.name, {
        ...job,
        metadata: { ...job.metadata, ownerReferences: [] },
      });
      expect(created(cluster)).to.deep.equal([]);
      expect(cluster.modelRelease.status?.phase).to.equal('Waiting');
      expect(condition(cluster, 'Progressing')?.reason).to.equal('NameTaken');
      expect(condition(cluster, 'Progressing')?.message).to.include(
        `Job ${release}-${step} exists and belongs to somebody else`,
      );
    });
  }

  it('that could not be created are not taken for deleted ones', () => {
    const cluster = at('snapshot');
    cluster.succeed('snapshot', snapshotMessage());
    const obstacle = { reason: 'QuotaExceeded' as const, message: 'exceeded quota: jobs' };
    const plan = decide({ ...cluster.look(), obstacle });
    cluster.carryOut({ ...plan, create: [] });
    expect(cluster.modelRelease.status?.run?.job).to.equal(undefined);
    expect(created(cluster)).to.deep.equal([`${release}-train`]);
  });
});

describe('bad input: a deleted record', () => {
  for (const step of steps) {
    it(`of a run in ${step} whose slot is due: the same run goes on, with the same Jobs`, () => {
      const cluster = at(step);
      cluster.records.clear();
      const plan = cluster.step();
      expect(plan.begin.map(({ metadata }) => metadata.name)).to.deep.equal([release]);
      expect(plan.remove).to.deep.equal([]);
      expect(new Set(cluster.created.filter((id) => id.startsWith('Job/'))).size).to.equal(
        cluster.jobs.size,
      );
    });
  }

  it('of a run whose slot is long past: its Jobs are removed, and only then another may start', () => {
    const cluster = at('served');
    runNow(cluster);
    cluster.step();
    const lost = cluster.modelRelease.status?.run?.release ?? '';
    cluster.records.delete(lost);
    runNow(cluster);
    const plan = cluster.step();
    expect(plan.begin).to.deep.equal([]);
    expect(plan.remove.map(({ metadata }) => metadata.name)).to.deep.equal([`${lost}-snapshot`]);
    expect(plan.events.map(({ note }) => note)).to.deep.equal([
      `The record of release ${lost} is gone: its Job ${lost}-snapshot is removed.`,
    ]);
    expect(cluster.step().begin).to.have.length(1);
    expect(cluster.modelRelease.status?.serving?.release).to.equal(release);
  });

  it('of the release that serves: no older one takes its place', () => {
    const cluster = at('served');
    runNow(cluster);
    cluster.serve('e', 'b');
    const serving = cluster.modelRelease.status?.serving?.release ?? '';
    cluster.records.delete(serving);
    const { annotations: _, ...metadata } = cluster.modelRelease.metadata;
    cluster.modelRelease = { ...cluster.modelRelease, metadata };
    const plan = cluster.step();
    expect(plan.apply).to.deep.equal([]);
    expect(condition(cluster, 'Ready')?.message).to.include(serving);
    expect(condition(cluster, 'Degraded')?.reason).to.equal('RecordLost');
  });

  it('all of them: what serves goes on, and the first run does not come again', () => {
    const cluster = at('served');
    cluster.records.clear();
    cluster.now = new Date('2026-11-22T02:30:00Z');
    const plan = cluster.step();
    expect(plan.begin).to.deep.equal([]);
    expect(condition(cluster, 'Ready')?.status).to.equal('True');
    cluster.now = new Date('2026-11-29T03:00:00Z');
    expect(cluster.step().begin).to.have.length(1);
  });
});

describe("bad input: names that are somebody else's", () => {
  it('the Deployment: nothing is applied, nothing removed, and a condition names it', () => {
    const cluster = at('rollout');
    if (!cluster.deployment) throw new Error('No Deployment.');
    const { metadata } = cluster.deployment;
    cluster.deployment = { ...cluster.deployment, metadata: { ...metadata, ownerReferences: [] } };
    const plan = cluster.step();
    expect([...plan.apply, ...plan.remove]).to.deep.equal([]);
    expect(condition(cluster, 'Degraded')?.message).to.include(
      'Deployment pictograms-stable exists and belongs to somebody else',
    );
    expect(plan.requeueAfterMs).to.equal(60_000);
  });

  it('a label of the Deployment that somebody changed is set back, the release goes on serving', () => {
    const cluster = at('served');
    if (!cluster.deployment) throw new Error('No Deployment.');
    const { metadata } = cluster.deployment;
    const labels = { ...metadata.labels, [releaseLabel]: 'pictograms-19700101-000000' };
    cluster.deployment = { ...cluster.deployment, metadata: { ...metadata, labels } };
    const plan = cluster.step();
    expect(plan.apply).to.have.length(1);
    expect(plan.events[0]?.note).to.include('metadata.labels[shelfwise.dev/release]');
    expect(cluster.modelRelease.status?.serving?.release).to.equal(release);
  });
});

describe('bad input: a status that was edited by hand', () => {
  const garbage = {
    observedGeneration: -7,
    phase: 'Nonsense',
    conditions: [
      null,
      17,
      { type: 'Ready' },
      { type: 'Ready', status: 'Perhaps', reason: '', message: '', lastTransitionTime: 'now' },
      { type: 'Nonsense', status: 'True', reason: 'X', message: 'x', lastTransitionTime: 'x' },
    ],
    nextRun: 'tomorrow',
    lastSlot: '9999-01-01T00:00:00Z',
    lastRunNow: 'x',
    run: { release, step: 'train', since: 'x', job: `${release}-train-3`, message: 7 },
    candidate: { release: 'x', digest: 'x', step: 'rollout', since: 'x' },
    serving: { release: 'x', digest: 'x', image: 'x', since: 'x' },
    history: [{ release, outcome: 'Served', reason: 'x', started: 'x', finished: 'x' }, null],
    unknown: { a: [1] },
  };
  const places = ['snapshot', 'train', 'evaluate', 'rollout', 'served'] as const;
  for (const place of places) {
    for (const field of [...Object.keys(garbage), 'all of it', 'none of it']) {
      it(`${field}, ${place}: comes back, and nothing else happens`, () => {
        const cluster = at(place);
        const right = cluster.modelRelease.status ?? {};
        const wrong =
          field === 'all of it'
            ? garbage
            : field === 'none of it'
              ? {}
              : { ...right, [field]: garbage[field as keyof typeof garbage] };
        cluster.modelRelease = {
          ...cluster.modelRelease,
          status: wrong as unknown as ModelReleaseStatus,
        };
        const { requeueAfterMs: _, status, ...rest } = cluster.step();
        expect(Object.values(rest).flat()).to.deep.equal([]);
        expect(status).to.deep.equal(right);
        expect(cluster.step().status).to.equal(undefined);
      });
    }
  }
});

describe('bad input: ten thousand records', () => {
  it('are pruned at a bounded rate, and the status holds no more than the limit', () => {
    const cluster = at('served', new Cluster(modelRelease({ spec: { historyLimit: 3 } })));
    runNow(cluster);
    cluster.step();
    cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
    cluster.step();
    const [name, record] = [...cluster.records].at(-1) ?? [];
    if (!name || !record) throw new Error('No record.');
    cluster.jobs.clear();
    for (let count = 0; count < 10_000; count++) {
      const slot = new Date(Date.parse('2026-11-22T02:02:00Z') + count * 1000);
      const other = `pictograms-${timestamp(slot).replaceAll(/[-:Z]/g, '').replace('T', '-')}`;
      const data = {
        ...record.data,
        release: other,
        slot: timestamp(slot),
        startedAt: timestamp(slot),
      };
      cluster.records.set(other, {
        ...record,
        metadata: { ...record.metadata, name: other },
        data,
      });
    }
    cluster.now = new Date('2026-11-22T05:00:00Z');
    const plan = cluster.step();
    expect(plan.remove).to.have.length(100);
    expect(cluster.modelRelease.status?.history).to.have.length(3);
    expect(cluster.modelRelease.status?.serving?.release).to.equal(release);
    expect(JSON.stringify(cluster.modelRelease.status).length).to.be.below(32_768);
    for (const left of [9_802, 9_702]) {
      cluster.step();
      expect(cluster.records.size).to.equal(left);
    }
    expect([...cluster.records.keys()]).to.include(release);
  }).timeout(240_000);
});
