import { expect } from 'chai';
import { runNowAnnotation } from '../api/metadata.ts';
import { timestamp } from '../api/names.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import {
  digest,
  evaluateMessage,
  failure,
  snapshotMessage,
  trainMessage,
} from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';
import type { Plan } from './observation.ts';

const first = 'pictograms-20261122-020000';
const second = 'pictograms-20261122-030000';

/** A plan in short: what is written, in its order. */
function writes(plan: Plan): string[] {
  return [
    ...plan.begin.map(({ metadata }) => `begin ${metadata.name}`),
    ...plan.note.map(({ record, annotations }) => {
      const keys = Object.keys(annotations).filter(
        (key) => annotations[key] !== record.metadata.annotations?.[key],
      );
      return `note ${record.metadata.name} ${keys.map((key) => key.replace('shelfwise.dev/', '')).join(',')}`;
    }),
    ...plan.create.map(({ metadata }) => `create ${metadata.name}`),
    ...plan.apply.map(({ kind, metadata }) => `apply ${kind} ${metadata.name}`),
    ...plan.remove.map(({ kind, metadata }) => `remove ${kind} ${metadata.name}`),
    ...(plan.status ? ['status'] : []),
  ];
}

const reasons = (plan: Plan) => plan.events.map(({ reason }) => reason);

/** Plays the first release until it serves. */
function served(
  cluster = new Cluster(),
  options: { accuracy?: number; tar?: string; dataset?: string } = {},
): Cluster {
  judged(cluster, options);
  cluster.becomeReady();
  cluster.step();
  return cluster;
}

/** Plays a run until its verdict. */
function judged(
  cluster: Cluster,
  { accuracy = 0.81, tar = digest('a'), dataset = digest('d') } = {},
): Plan {
  cluster.step();
  cluster.succeed('snapshot', snapshotMessage(dataset));
  cluster.step();
  cluster.succeed('train', trainMessage(first));
  cluster.step();
  cluster.succeed('evaluate', evaluateMessage(cluster.question(), { accuracy, tar }));
  return cluster.step();
}

function expectStill(cluster: Cluster): void {
  const plan = decide(cluster.look());
  expect(writes(plan)).to.deep.equal([]);
  expect(reasons(plan)).to.deep.equal([]);
}

describe('decide', () => {
  it('takes a release from its first apply to serving', () => {
    const cluster = new Cluster();
    const applied = cluster.step();
    expect(writes(applied)).to.deep.equal([
      `begin ${first}`,
      `create ${first}-snapshot`,
      'apply Service pictograms',
      'apply Service pictograms-stable',
      'status',
    ]);
    expect(reasons(applied)).to.deep.equal(['RunStarted']);
    expect(cluster.modelRelease.status?.phase).to.equal('Snapshotting');
    expectStill(cluster);

    cluster.succeed('snapshot', snapshotMessage());
    expect(writes(cluster.step())).to.deep.equal([
      `note ${first} snapshot`,
      `create ${first}-train`,
      'status',
    ]);
    expect(cluster.modelRelease.status?.phase).to.equal('Training');
    expectStill(cluster);

    cluster.succeed('train', trainMessage(first));
    expect(writes(cluster.step())).to.deep.equal([
      `note ${first} training`,
      `create ${first}-evaluate`,
      'status',
    ]);
    expectStill(cluster);

    cluster.succeed('evaluate', evaluateMessage(cluster.question()));
    const judgedPlan = cluster.step();
    expect(writes(judgedPlan)).to.deep.equal([
      `note ${first} evaluation,verdict`,
      'apply Deployment pictograms-stable',
      'status',
    ]);
    expect(reasons(judgedPlan)).to.deep.equal(['GatePassed', 'RollingOut']);
    const { status } = cluster.modelRelease;
    expect(status?.candidate?.digest).to.equal(digest('a'));
    expect(status?.run).to.equal(undefined);
    expect(status?.serving).to.equal(undefined);
    expectStill(cluster);

    cluster.becomeReady();
    const done = cluster.step();
    expect(writes(done)).to.deep.equal([`note ${first} outcome`, 'status']);
    expect(reasons(done)).to.deep.equal(['Serving']);
    expect(cluster.modelRelease.status?.serving).to.deep.equal({
      release: first,
      digest: digest('a'),
      image: 'registry.example/inference:1',
      accuracy: '0.8100',
      since: '2026-11-22T02:00:00Z',
    });
    expect(cluster.modelRelease.status?.phase).to.equal('Serving');
    expectStill(cluster);
  });

  it('goes on without products that cannot be used, and names them in an event and a condition', () => {
    const cluster = new Cluster();
    cluster.step();
    const invalidExamples = ['row 17: column designation is empty', 'row 40: picture is cut short'];
    cluster.succeed('snapshot', snapshotMessage(digest('d'), 200, { invalid: 3, invalidExamples }));
    const plan = cluster.step();
    expect(plan.events).to.deep.equal([
      {
        type: 'Warning',
        reason: 'ProductsLeftOut',
        action: 'Run',
        note: `Release ${first}: 3 products were left out: ${invalidExamples.join('; ')}; …`,
        tellsOf: `ControllerRevision/${first}`,
      },
    ]);
    cluster.succeed('train', trainMessage(first));
    cluster.step();
    const trained = cluster.modelRelease.status?.conditions?.find(({ type }) => type === 'Trained');
    expect(trained?.status).to.equal('True');
    expect(trained?.message).to.include('3 products were left out: row 17');
    expectStill(cluster);
  });

  it('starts the next run at its slot, and asks to be woken for it', () => {
    const cluster = served();
    cluster.now = new Date('2026-11-22T02:50:00Z');
    expect(decide(cluster.look()).requeueAfterMs).to.equal(600_000);
    cluster.now = new Date('2026-11-22T02:59:59.995Z');
    expect(decide(cluster.look()).requeueAfterMs).to.equal(5);
    cluster.now = new Date('2026-11-22T03:00:00Z');
    expect(writes(cluster.step())).to.include.members([
      `begin ${second}`,
      `create ${second}-snapshot`,
    ]);
    expectStill(cluster);
  });

  it('spends no GPU on what is known: NoNewData', () => {
    const cluster = served();
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage());
    const plan = cluster.step();
    expect(writes(plan)).to.deep.equal([`note ${second} snapshot,outcome`, 'status']);
    expect(reasons(plan)).to.deep.equal(['NoNewData']);
    expect(cluster.modelRelease.status?.history?.[0]?.outcome).to.equal('NoNewData');
    expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
    expectStill(cluster);
  });

  it('keeps what serves when the gate fails, and says both numbers', () => {
    const cluster = served();
    const before = cluster.deployment;
    cluster.now = new Date('2026-11-22T03:00:00Z');
    const plan = judged(cluster, { accuracy: 0.41, dataset: digest('e') });
    expect(reasons(plan)).to.deep.equal(['GateFailed']);
    expect(plan.events[0]?.note).to.include('accuracy 0.4100 is below the minimum 0.76');
    expect(cluster.deployment).to.equal(before);
    expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
    const gate = cluster.modelRelease.status?.conditions?.find(({ type }) => type === 'GatePassed');
    expect(gate?.status).to.equal('False');
    expect(gate?.message).to.include('0.4100').and.to.include('0.76');
    expectStill(cluster);
  });

  it('asks evaluate to compare with the release that serves', () => {
    const cluster = served();
    cluster.now = new Date('2026-11-22T03:00:00Z');
    judged(cluster, { dataset: digest('e'), tar: digest('b') });
    expect(cluster.question().champion).to.deep.equal({ release: first, digest: digest('a') });
    const args = cluster.job('evaluate').spec?.template.spec?.containers[0]?.args ?? [];
    expect(args).to.include.members([
      '--champion-release',
      first,
      '--champion-digest',
      digest('a'),
    ]);
  });

  it('judges a candidate alone when it may be the champion that is damaged', () => {
    const cluster = served();
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage(digest('e')));
    cluster.step();
    cluster.succeed('train', undefined);
    cluster.step();
    cluster.fail('evaluate', failure('evaluate', 'BadData', 'the tar has another digest'));
    expect(writes(cluster.step())).to.include(`create ${second}-evaluate-2`);
    expect(cluster.question().champion).to.equal(null);
    cluster.succeed('evaluate', evaluateMessage(cluster.question(), { tar: digest('b') }));
    expect(reasons(cluster.step())).to.deep.equal(['GatePassed', 'RollingOut']);
    const verified = cluster.modelRelease.status?.conditions?.find(
      ({ type }) => type === 'Verified',
    );
    expect(verified?.message).to.include(`Release ${first} could not be judged beside it.`);
  });

  it('finishes a run under the spec of its record', () => {
    const cluster = new Cluster();
    cluster.step();
    const changed = {
      ...spec,
      training: { ...spec.training, gpu: { count: 4, resourceName: 'nvidia.com/gpu' } },
    };
    cluster.modelRelease = {
      ...modelRelease({ spec: changed, generation: 2 }),
      status: cluster.modelRelease.status ?? {},
    };
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    const limits = cluster.job('train').spec?.template.spec?.containers[0]?.resources?.limits;
    expect(limits).to.deep.equal({ 'nvidia.com/gpu': '1' });
    expect(cluster.modelRelease.status?.observedGeneration).to.equal(2);
  });

  it('repeats a step whose result was lost, and gives up in the end', () => {
    const cluster = new Cluster();
    cluster.step();
    cluster.succeed('snapshot', undefined);
    expect(writes(cluster.step())).to.include(`create ${first}-snapshot-2`);
    expectStill(cluster);
    cluster.succeed('snapshot', '{"step":"snapshot","ok":tr');
    expect(writes(cluster.step())).to.include(`create ${first}-snapshot-3`);
    cluster.succeed('snapshot', undefined);
    cluster.step();
    expect(cluster.modelRelease.status?.history?.[0]?.reason).to.equal('ResultLost');
    expectStill(cluster);
  });

  it('does not need what train says', () => {
    const cluster = new Cluster();
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    cluster.succeed('train', undefined);
    expect(writes(cluster.step())).to.include(`create ${first}-evaluate`);
  });

  it('evaluates again when the answer is to another question, and then has no verdict', () => {
    const cluster = new Cluster();
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    cluster.succeed('train', undefined);
    cluster.step();
    for (const suffix of ['-2', '-3']) {
      cluster.succeed('evaluate', evaluateMessage(cluster.question(), { dataset: digest('9') }));
      expect(writes(cluster.step())).to.include(`create ${first}-evaluate${suffix}`);
    }
    cluster.succeed('evaluate', evaluateMessage(cluster.question(), { dataset: digest('9') }));
    expect(reasons(cluster.step())).to.deep.equal(['GateInconclusive']);
    expect(cluster.deployment).to.equal(undefined);
  });

  it('does nothing for what is being deleted', () => {
    const cluster = new Cluster();
    const { metadata } = cluster.modelRelease;
    cluster.modelRelease = {
      ...cluster.modelRelease,
      metadata: { ...metadata, deletionTimestamp: metadata.creationTimestamp },
    };
    expectStill(cluster);
  });

  it('rebuilds a status that was deleted or edited', () => {
    const cluster = served();
    const right = cluster.modelRelease.status;
    for (const wrong of [{}, { phase: 'Failed' as const, history: [] }]) {
      cluster.modelRelease = { ...cluster.modelRelease, status: wrong };
      cluster.step();
      expect(cluster.modelRelease.status).to.deep.equal(right);
    }
  });

  it('corrects a Deployment that was edited, and builds a deleted one again', () => {
    const cluster = served();
    const right = cluster.deployment?.spec;
    if (!cluster.deployment?.spec) throw new Error('No Deployment.');
    cluster.deployment = {
      ...cluster.deployment,
      spec: { ...cluster.deployment.spec, replicas: 0 },
    };
    const corrected = cluster.step();
    expect(writes(corrected)).to.include('apply Deployment pictograms-stable');
    expect(corrected.events.map(({ reason, note }) => `${reason}: ${note}`)).to.deep.equal([
      'DriftCorrected: Deployment pictograms-stable was changed by somebody else and is set back: spec.replicas. What is to stay belongs into spec.serving.',
    ]);
    expect(cluster.deployment?.spec).to.deep.equal(right);
    cluster.deployment = undefined;
    const rebuilt = cluster.step();
    expect(writes(rebuilt)).to.include('apply Deployment pictograms-stable');
    expect(rebuilt.events.map(({ note }) => note)).to.deep.equal([
      'Deployment pictograms-stable was deleted, or lost its labels: it is applied again.',
    ]);
    expect(cluster.deployment).to.have.property('spec').that.deep.equals(right);
  });

  it('corrects a Service that was edited or deleted', () => {
    const cluster = served();
    const service = cluster.services.get('pictograms');
    if (!service) throw new Error('No Service.');
    const selector = { app: 'something-else' };
    cluster.services.set('pictograms', { ...service, spec: { ...service.spec, selector } });
    cluster.services.delete('pictograms-stable');
    const plan = cluster.step();
    expect(writes(plan)).to.deep.equal([
      'apply Service pictograms',
      'apply Service pictograms-stable',
    ]);
    expect(plan.events.map(({ note }) => note)).to.deep.equal([
      'Service pictograms was changed by somebody else and is set back: spec.selector.',
      'Service pictograms-stable was deleted, or lost its labels: it is applied again.',
    ]);
    expectStill(cluster);
  });

  it('serves on under a changed spec.serving, and goes back with it', () => {
    const cluster = served();
    const before = cluster.deployment?.spec;
    const serving = { ...spec.serving, replicas: 5, image: 'registry.example/inference:2' };
    cluster.modelRelease = {
      ...modelRelease({ spec: { ...spec, serving }, generation: 2 }),
      status: cluster.modelRelease.status ?? {},
    };
    expect(writes(cluster.step())).to.include('apply Deployment pictograms-stable');
    expect(cluster.deployment?.spec?.replicas).to.equal(5);
    expect(cluster.deployment?.spec?.template.spec?.containers[0]?.image).to.equal(
      'registry.example/inference:2',
    );
    cluster.modelRelease = {
      ...modelRelease({ generation: 3 }),
      status: cluster.modelRelease.status ?? {},
    };
    cluster.step();
    expect(cluster.deployment?.spec).to.deep.equal(before);
  });

  it('does not restart what serves when the default images change', () => {
    const cluster = served();
    const seen = cluster.look();
    const plan = decide({
      ...seen,
      defaults: { ...seen.defaults, inferenceImage: 'registry.example/inference:9' },
    });
    expect(writes(plan)).to.deep.equal([]);
  });

  it('goes on serving when its record is lost', () => {
    const cluster = served();
    cluster.modelRelease = {
      ...cluster.modelRelease,
      spec: { ...spec, schedule: { ...spec.schedule, suspend: true } },
    };
    cluster.records.clear();
    const plan = cluster.step();
    expect(plan.remove.filter(({ kind }) => kind !== 'Job')).to.deep.equal([]);
    expect(plan.apply).to.deep.equal([]);
    expect(cluster.jobs.size).to.equal(0);
    const { conditions = [] } = cluster.modelRelease.status ?? {};
    expect(conditions.find(({ type }) => type === 'Ready')?.message).to.equal(
      `Release ${first} serves: 2 of 2 pods are available.`,
    );
    expect(conditions.find(({ type }) => type === 'Degraded')?.message).to.include(
      `The record of release ${first}, which serves, is gone: it serves on as it is`,
    );
    expectStill(cluster);
  });

  it('starts no run beside the Jobs of one whose record cannot be read', () => {
    const cluster = new Cluster();
    cluster.step();
    const record = cluster.records.get(first);
    if (!record) throw new Error('No record.');
    cluster.records.set(first, { ...record, data: {} });
    const { metadata } = cluster.modelRelease;
    cluster.now = new Date(cluster.now.getTime() + 60_000);
    const annotations = { [runNowAnnotation]: timestamp(cluster.now) };
    cluster.modelRelease = { ...cluster.modelRelease, metadata: { ...metadata, annotations } };
    const begun = () => decide(cluster.look()).begin.length;
    expect(begun(), 'while its Job works').to.equal(0);
    cluster.jobs.clear();
    expect(begun(), 'once it has none').to.equal(1);
  });

  it('names a record that cannot be read, and serves on', () => {
    const cluster = served();
    const record = cluster.records.get(first);
    if (!record) throw new Error('No record.');
    const annotations = { ...record.metadata.annotations, 'shelfwise.dev/outcome': '{' };
    cluster.records.set(first, { ...record, metadata: { ...record.metadata, annotations } });
    const plan = cluster.step();
    expect(plan.remove).to.deep.equal([]);
    expect(plan.begin).to.deep.equal([]);
    const degraded = cluster.modelRelease.status?.conditions?.find(
      ({ type }) => type === 'Degraded',
    );
    expect(degraded?.reason).to.equal('RecordUnreadable');
    expect(degraded?.message).to.include(
      `annotation shelfwise.dev/outcome of ControllerRevision ${first}`,
    );
  });

  it('does not go back to an older release while the record of what serves cannot be read', () => {
    const cluster = served();
    cluster.now = new Date('2026-11-22T03:00:00Z');
    judged(cluster, { dataset: digest('e'), tar: digest('b') });
    cluster.becomeReady();
    cluster.step();
    const record = cluster.records.get(second);
    if (!record) throw new Error('No record.');
    const annotations = { ...record.metadata.annotations, 'shelfwise.dev/outcome': '{' };
    cluster.records.set(second, { ...record, metadata: { ...record.metadata, annotations } });
    expect(decide(cluster.look()).apply).to.deep.equal([]);
    cluster.records.set(second, record);
    expectStill(cluster);
  });

  it("takes nothing that is somebody else's", () => {
    const cluster = new Cluster();
    cluster.step();
    const service = cluster.services.get('pictograms');
    if (!service) throw new Error('No Service.');
    cluster.services.set('pictograms', {
      ...service,
      metadata: { ...service.metadata, ownerReferences: [] },
    });
    const plan = cluster.step();
    expect(plan.apply).to.deep.equal([]);
    const degraded = cluster.modelRelease.status?.conditions?.find(
      ({ type }) => type === 'Degraded',
    );
    expect(degraded?.reason).to.equal('NameTaken');
    expect(degraded?.message).to.include('Service pictograms exists and belongs to somebody else');
    expect(plan.requeueAfterMs).to.equal(60_000);
  });

  it('waits for a Job name that is taken', () => {
    const cluster = new Cluster();
    cluster.step();
    const job = cluster.job('snapshot');
    cluster.jobs.set(job.metadata.name, {
      ...job,
      metadata: { ...job.metadata, ownerReferences: [] },
    });
    cluster.step();
    expect(cluster.modelRelease.status?.run?.reason).to.equal('NameTaken');
    expect(cluster.modelRelease.status?.phase).to.equal('Waiting');
  });

  it('keeps historyLimit runs with their Jobs, and what serves in any case', () => {
    const cluster = served(new Cluster(modelRelease({ spec: { historyLimit: 2 } })));
    for (const [week, letter] of [
      '2026-11-22',
      '2026-11-29',
      '2026-12-06',
      '2026-12-13',
    ].entries()) {
      cluster.now = new Date(`${letter}T03:00:00Z`);
      cluster.step();
      cluster.fail('snapshot', failure('snapshot', 'BadData', `row ${week} is empty`));
      cluster.step();
      cluster.step();
      expectStill(cluster);
    }
    expect([...cluster.records.keys()]).to.deep.equal([
      first,
      'pictograms-20261206-030000',
      'pictograms-20261213-030000',
    ]);
    expect(
      [...cluster.jobs.keys()].filter((name) => !name.includes('20261122-020000')),
    ).to.deep.equal(['pictograms-20261206-030000-snapshot', 'pictograms-20261213-030000-snapshot']);
    expect(cluster.modelRelease.status?.history?.map(({ release }) => release)).to.deep.equal([
      'pictograms-20261213-030000',
      'pictograms-20261206-030000',
    ]);
    expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
  });
});
