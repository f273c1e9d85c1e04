/** Records and Deployments that somebody touched while a release rolls out: what is doubtful takes nothing from what serves. */
import { expect } from 'chai';
import { recordAnnotations, releaseLabel } from '../api/metadata.ts';
import { Cluster } from './fixtures/cluster.ts';
import { digest, failure, snapshotMessage } from './fixtures/messages.ts';

const slots = [
  '2026-11-22T02:00:00Z',
  '2026-11-22T03:00:00Z',
  '2026-11-29T03:00:00Z',
  '2026-12-06T03:00:00Z',
];
const names = slots.map((at) => `pictograms-${at.replaceAll(/[-:Z]/g, '').replace('T', '-')}`);
const [oldest = '', serving = '', candidate = '', next = ''] = names;

/** Takes the run of this slot to its Pass: the Deployment goes over to it. */
function pass(cluster: Cluster, number: number): void {
  cluster.now = new Date(slots[number] ?? '');
  cluster.pass('abcd'[number] ?? '');
}

/** One release served before, one serves with its pod, a third is being rolled out. */
function rolling(): Cluster {
  const cluster = new Cluster();
  for (const number of [0, 1]) {
    pass(cluster, number);
    cluster.becomeReady();
    cluster.step();
  }
  cluster.servingPod({ phase: 'Running' }, { state: { running: {} } });
  pass(cluster, 2);
  return cluster;
}

function edit(cluster: Cluster, release: string, annotations: Record<string, string | undefined>) {
  const record = cluster.records.get(release);
  if (!record) throw new Error(`No record of ${release}.`);
  const all = { ...record.metadata.annotations, ...annotations };
  const kept = Object.entries(all).filter(([, text]) => text !== undefined);
  const metadata = { ...record.metadata, annotations: Object.fromEntries(kept) };
  cluster.records.set(release, { ...record, metadata } as never);
}

const released = (cluster: Cluster) => cluster.deployment?.metadata.labels?.[releaseLabel];
const condition = (cluster: Cluster, type: string) =>
  cluster.modelRelease.status?.conditions?.find((each) => each.type === type);

describe('doubt: the record of what serves, while another release rolls out and fails', () => {
  const damages: { name: string; reason: string; damage(cluster: Cluster): void }[] = [
    { name: 'is gone', reason: 'RecordLost', damage: (c) => void c.records.delete(serving) },
    {
      name: 'cannot be read',
      reason: 'RecordUnreadable',
      damage: (c) => edit(c, serving, { [recordAnnotations.outcome]: '{' }),
    },
  ];
  for (const { name, reason, damage } of damages) {
    it(`${name}: no older release takes its place`, () => {
      const cluster = rolling();
      damage(cluster);
      cluster.getStuck();
      const plan = cluster.step();
      expect(plan.events.map((event) => event.reason)).to.include('RolledBack');
      expect(plan.apply).to.deep.equal([]);
      expect(released(cluster)).to.equal(candidate);
      expect(condition(cluster, 'Ready')?.message).to.include(`elease ${serving}`);
      expect(cluster.modelRelease.status?.serving?.release).to.equal(serving);
      const degraded = condition(cluster, 'Degraded');
      expect(degraded?.reason).to.equal(reason);
      expect(degraded?.message).to.include(serving);
      // And a newer release that passes takes over as ever.
      pass(cluster, 3);
      expect(released(cluster)).to.equal(next);
    });

    it(`${name}, and it was the only one: its pods are not taken away`, () => {
      const cluster = rolling();
      cluster.records.delete(oldest);
      damage(cluster);
      cluster.getStuck();
      const kinds = cluster.step().remove.map(({ kind }) => kind);
      expect(kinds).to.not.include('Deployment');
      expect(cluster.deployment).to.not.equal(undefined);
    });
  }
});

describe('doubt: a candidate that was superseded while its pods run', () => {
  it('keeps its record as long as they do: it is not lost', () => {
    const cluster = rolling();
    const { spec } = cluster.modelRelease;
    cluster.modelRelease = { ...cluster.modelRelease, spec: { ...spec, historyLimit: 1 } };
    cluster.servingPod({ phase: 'Running' }, { state: { running: {} } });
    pass(cluster, 3);
    for (const time of ['2026-12-13T03:00:00Z', '2026-12-20T03:00:00Z']) {
      cluster.now = new Date(time);
      cluster.step();
      cluster.fail('snapshot', failure('snapshot', 'BadData', 'no rows'));
      for (let look = 0; look < 3; look++) cluster.step();
      expect(condition(cluster, 'Degraded')?.reason).to.equal('BadData');
    }
    cluster.getStuck();
    cluster.step();
    expect(released(cluster)).to.equal(serving);
  });
});

describe('doubt: the record of what serves', () => {
  const served = (): Cluster => {
    const cluster = rolling();
    cluster.becomeReady();
    cluster.step();
    return cluster;
  };
  const annotations = recordAnnotations;
  const cases: { name: string; without: string[] }[] = [
    { name: 'its evaluation', without: [annotations.evaluation] },
    { name: 'verdict and outcome', without: [annotations.verdict, annotations.outcome] },
    { name: 'everything', without: Object.values(annotations) },
  ];
  for (const { name, without } of cases) {
    it(`without ${name}: no older release takes its place`, () => {
      const cluster = served();
      edit(cluster, candidate, Object.fromEntries(without.map((each) => [each, undefined])));
      for (const job of [...cluster.jobs.keys()])
        if (job.startsWith(candidate)) cluster.removeJob(job);
      const plan = cluster.step();
      expect(plan.apply).to.deep.equal([]);
      expect(cluster.modelRelease.status?.serving?.release).to.equal(candidate);
      expect(plan.remove.filter(({ kind }) => kind === 'Deployment')).to.deep.equal([]);
      expect(released(cluster)).to.equal(candidate);
    });
  }
});

describe('doubt: a Deployment that somebody paused', () => {
  it('is set going again: a release and its way back would wait for ever', () => {
    const cluster = rolling();
    const { deployment } = cluster;
    if (!deployment?.spec) throw new Error('No Deployment.');
    cluster.deployment = { ...deployment, spec: { ...deployment.spec, paused: true } as never };
    const plan = cluster.step();
    expect(plan.apply.map(({ kind }) => kind)).to.deep.equal(['Deployment']);
    expect(plan.events.map(({ note }) => note).join()).to.include('spec.paused');
    expect(cluster.step().apply).to.deep.equal([]);
  });
});

describe('doubt: a status that names an attempt which cannot have begun', () => {
  for (const step of ['snapshot', 'train', 'evaluate'] as const) {
    for (const suffix of ['-2', '-3']) {
      it(`${step}${suffix}: no second Job beside the one that works, and the run goes on`, () => {
        const cluster = new Cluster();
        cluster.step();
        if (step !== 'snapshot') {
          cluster.succeed('snapshot', snapshotMessage(digest('a')));
          cluster.step();
        }
        if (step === 'evaluate') {
          cluster.succeed('train', undefined);
          cluster.step();
        }
        const right = cluster.modelRelease.status;
        const run = { ...right?.run, job: `${oldest}-${step}${suffix}` };
        cluster.modelRelease = { ...cluster.modelRelease, status: { ...right, run } as never };
        const plan = cluster.step();
        expect(plan.create).to.deep.equal([]);
        expect(plan.events).to.deep.equal([]);
        expect(plan.status).to.deep.equal(right);
      });
    }
  }
});
