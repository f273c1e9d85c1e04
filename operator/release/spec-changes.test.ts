import { expect } from 'chai';
import fc from 'fast-check';
import { releaseLabel, runNowAnnotation } from '../api/metadata.ts';
import type { ModelReleaseSpec } from '../api/model-release.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { digest, evaluateMessage, failure, snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

const first = 'pictograms-20261122-020000';
const second = 'pictograms-20261122-030000';

/** What a person does with kubectl edit. */
function edit(cluster: Cluster, change: Partial<ModelReleaseSpec>): void {
  const { metadata } = cluster.modelRelease;
  cluster.modelRelease = {
    ...cluster.modelRelease,
    spec: { ...cluster.modelRelease.spec, ...change },
    metadata: { ...metadata, generation: (metadata.generation ?? 1) + 1 },
  };
  cluster.step();
}

/** The present step ends well. */
function goOn(cluster: Cluster, letter = 'a', accuracy = 0.81): void {
  const step = cluster.modelRelease.status?.run?.step;
  if (step === 'snapshot') cluster.succeed(step, snapshotMessage(digest(letter)));
  if (step === 'train') cluster.succeed(step, undefined);
  if (step === 'evaluate')
    cluster.succeed(step, evaluateMessage(cluster.question(), { accuracy, tar: digest(letter) }));
  cluster.step();
}

function rollOut(cluster: Cluster): void {
  cluster.becomeReady();
  cluster.step();
  // What the spec asks of the release that serves by now.
  cluster.becomeReady();
  cluster.step();
}

/** In this step of the first run, or of the second after the first serves; all steps done: its release is being rolled out. */
function during(stepsDone: number, { of: run }: { of: typeof first | typeof second }): Cluster {
  const cluster = new Cluster();
  cluster.step();
  if (run === second) {
    for (let step = 0; step < 3; step++) goOn(cluster);
    rollOut(cluster);
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.step();
  }
  for (let step = 0; step < stepsDone; step++) goOn(cluster, run === second ? 'b' : 'a');
  return cluster;
}

const container = (cluster: Cluster) => cluster.deployment?.spec?.template.spec?.containers[0];
const argsOf = (cluster: Cluster, step: string) =>
  cluster.job(step).spec?.template.spec?.containers[0]?.args ?? [];
const outcomes = (cluster: Cluster) =>
  cluster.modelRelease.status?.history?.map(({ release, outcome }) => `${release} ${outcome}`);
const serves = (cluster: Cluster) => cluster.modelRelease.status?.serving?.release;
const condition = (cluster: Cluster, wanted: string) =>
  cluster.modelRelease.status?.conditions?.find(({ type }) => type === wanted);
const strict = { metrics: [{ name: 'accuracy' as const, minimum: '0.9' }] };
const catalog = { databaseSecret: { name: 'db', key: 'url' }, prefix: '' };

describe('a spec that changes in the middle of a run', () => {
  it('gate: the run is judged by the gate of its record, the next one by the new gate', () => {
    const cluster = during(1, { of: first });
    edit(cluster, { gate: strict });
    goOn(cluster);
    expect(cluster.question().gate).to.deep.equal(spec.gate);
    goOn(cluster);
    rollOut(cluster);
    expect(serves(cluster)).to.equal(first);
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.step();
    for (let step = 0; step < 3; step++) goOn(cluster, 'b');
    expect(outcomes(cluster)?.[0]).to.equal(`${second} GateFailed`);
  });

  it('gate, in the moment of the verdict: what evaluate was asked counts', () => {
    const cluster = during(2, { of: first });
    cluster.succeed('evaluate', evaluateMessage(cluster.question(), { tar: digest('a') }));
    edit(cluster, { gate: strict });
    expect(cluster.modelRelease.status?.candidate?.release).to.equal(first);
  });

  it('dataset and training: the steps still to come are those of the record, the next run has the new ones', () => {
    const cluster = during(0, { of: first });
    edit(cluster, {
      dataset: { ...spec.dataset, catalog },
      training: { ...spec.training, image: 'other', model: { ...spec.training.model, seed: 7 } },
    });
    for (let step = 0; step < 3; step++) goOn(cluster);
    expect(argsOf(cluster, 'snapshot')).to.include.members(['--source', 'rakuten']);
    expect(argsOf(cluster, 'train')).to.include.members(['--seed', '1']);
    rollOut(cluster);
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.step();
    goOn(cluster, 'b');
    expect(argsOf(cluster, 'snapshot')).to.include.members(['--source', 'catalog']);
    expect(argsOf(cluster, 'train')).to.include.members(['--seed', '7', '--code-image', 'other']);
  });

  it('serving.image: evaluate and the rollout keep the image of the record, what serves gets the new one', () => {
    const cluster = during(2, { of: first });
    edit(cluster, { serving: { ...spec.serving, image: 'other' } });
    goOn(cluster);
    const evaluate = cluster.job('evaluate').spec?.template.spec?.containers[0];
    expect(evaluate?.image).to.equal('registry.example/inference:1');
    expect(container(cluster)?.image).to.equal('registry.example/inference:1');
    cluster.becomeReady();
    cluster.step();
    expect(serves(cluster)).to.equal(first);
    expect(container(cluster)?.image).to.equal('other');
  });

  it('serving.image, while a candidate rolls out: it takes over as it was judged, then the new image follows', () => {
    const cluster = during(3, { of: second });
    edit(cluster, { serving: { ...spec.serving, image: 'other' } });
    expect(cluster.deployment?.metadata.labels?.[releaseLabel]).to.equal(second);
    expect(container(cluster)?.image).to.equal('registry.example/inference:1');
    expect(cluster.modelRelease.status?.observedGeneration).to.equal(2);
    cluster.becomeReady();
    cluster.step();
    expect(outcomes(cluster)?.[0]).to.equal(`${second} Served`);
    expect(container(cluster)?.image).to.equal('other');
    expect(condition(cluster, 'Progressing')?.reason).to.equal('RollingOut');
  });

  it('serving, while a candidate does not come up: the new spec reaches its pods at once, and may be what helps', () => {
    const cluster = during(3, { of: second });
    const requests = { cpu: '100m' };
    edit(cluster, { serving: { ...spec.serving, replicas: 3, resources: { requests } } });
    expect(container(cluster)?.resources?.requests).to.deep.equal(requests);
    expect(cluster.deployment?.spec?.replicas).to.equal(3);
    rollOut(cluster);
    expect(serves(cluster)).to.equal(second);
  });

  it('schedule: the next time is another one at once, the run keeps its slot', () => {
    const cluster = during(1, { of: second });
    edit(cluster, { schedule: { ...spec.schedule, cron: '30 5 * * *' } });
    const { status } = cluster.modelRelease;
    expect(status?.nextRun).to.equal('2026-11-22T05:30:00Z');
    expect(status?.run?.release).to.equal(second);
    expect(status?.run?.step).to.equal('train');
  });

  it('suspend: the run goes on to its end, and no other begins', () => {
    const cluster = during(1, { of: first });
    edit(cluster, { schedule: { ...spec.schedule, suspend: true } });
    expect(cluster.modelRelease.status?.nextRun).to.equal(undefined);
    goOn(cluster);
    goOn(cluster);
    rollOut(cluster);
    expect(serves(cluster)).to.equal(first);
    cluster.now = new Date('2026-11-22T03:00:00Z');
    expect(cluster.step().begin).to.deep.equal([]);
    expect(condition(cluster, 'Progressing')?.reason).to.equal('Suspended');
  });

  it('historyLimit: neither the run nor what serves is pruned', () => {
    const cluster = during(1, { of: second });
    edit(cluster, { historyLimit: 1 });
    expect([...cluster.records.keys()]).to.deep.equal([first, second]);
    expect(cluster.modelRelease.status?.run?.release).to.equal(second);
  });

  it('store.credentialsSecret: Jobs of the run keep that of the record, serving pods get the new one', () => {
    const cluster = during(1, { of: second });
    const s3 = { ...spec.store.s3, credentialsSecret: { name: 'renewed' } };
    edit(cluster, { store: { s3 } });
    goOn(cluster, 'b');
    const secrets = (
      template: { spec?: { volumes?: { secret?: { secretName?: string } }[] } } = {},
    ) => (template.spec?.volumes ?? []).map(({ secret }) => secret?.secretName);
    expect(secrets(cluster.job('evaluate').spec?.template)).to.include('s3');
    expect(secrets(cluster.deployment?.spec?.template)).to.include('renewed');
  });
});

describe('a status with the generation of the spec describes that spec', () => {
  const grown = { serving: { ...spec.serving, replicas: 5 } };
  const moved = { serving: { ...spec.serving, nodeSelector: { pool: 'x' } } };

  function serving(): Cluster {
    const cluster = during(3, { of: first });
    rollOut(cluster);
    return cluster;
  }

  it('more replicas: not ready before they are there', () => {
    const cluster = serving();
    edit(cluster, grown);
    expect(condition(cluster, 'Ready')?.message).to.include('2 of 5 pods');
    expect(condition(cluster, 'Ready')?.status).to.equal('False');
    expect(condition(cluster, 'Progressing')?.message).to.include('0 of 5 pods are new');
    cluster.becomeReady();
    cluster.step();
    expect(condition(cluster, 'Ready')?.status).to.equal('True');
    expect(condition(cluster, 'Progressing')?.reason).to.equal('Idle');
  });

  it('another pod template: ready all the while by its old pods, and going over until the last is new', () => {
    const cluster = serving();
    edit(cluster, moved);
    const progress = () => condition(cluster, 'Progressing')?.message;
    expect(condition(cluster, 'Ready')?.status).to.equal('True');
    expect(progress()).to.include('0 of 2 pods are new');
    cluster.setDeploymentStatus({ replicas: 3, updatedReplicas: 1, availableReplicas: 2 });
    cluster.step();
    expect(progress()).to.include('1 of 2 pods are new');
    cluster.setDeploymentStatus({ replicas: 3, updatedReplicas: 2, availableReplicas: 3 });
    cluster.step();
    expect(progress()).to.include('2 of 2 pods are new');
    cluster.becomeReady();
    cluster.step();
    expect(condition(cluster, 'Progressing')?.reason).to.equal('Idle');
  });

  it('one that does not come up is Degraded, until the next spec: what the Deployment said of the one before is no news', () => {
    const cluster = serving();
    edit(cluster, moved);
    cluster.getStuck();
    cluster.step();
    expect(condition(cluster, 'Degraded')?.reason).to.equal('ProgressDeadlineExceeded');
    expect(condition(cluster, 'Ready')?.status).to.equal('True');
    edit(cluster, { serving: spec.serving });
    expect(condition(cluster, 'Degraded')?.reason).to.equal('AsDesired');
    // The Deployment's controller has not seen it yet.
    expect(cluster.deployment?.status?.conditions?.[0]?.status).to.equal('False');
    expect(decide(cluster.look()).status).to.equal(undefined);
    expect(condition(cluster, 'Progressing')?.reason).to.equal('RollingOut');
  });
});

describe('what a ModelRelease becomes follows from what it says, not from how it came to say it', () => {
  const edits = fc.constantFrom<Partial<ModelReleaseSpec>>(
    { serving: { ...spec.serving, replicas: 3, image: 'one' } },
    { serving: { ...spec.serving, image: 'two', nodeSelector: { pool: 'x' } } },
    {
      serving: { ...spec.serving, resources: { limits: { cpu: 2 } }, tolerations: [{ key: 'k' }] },
    },
    { serving: { ...spec.serving, database: { secret: { name: 'db', key: 'url' } } } },
    { gate: strict },
    { schedule: { ...spec.schedule, suspend: true } },
    { training: { ...spec.training, image: 'other', serviceAccountName: 'x' } },
    {
      training: {
        ...spec.training,
        search: { minutes: 5, configurations: 3 },
        checkpointMinutes: 5,
        tracking: { mlflow: { uri: 'http://mlflow' } },
      },
    },
    { dataset: { ...spec.dataset, catalog } },
    { historyLimit: 1 },
    spec,
  );
  type Act = (cluster: Cluster) => void;
  const happenings = fc.constantFrom<Act>(
    (c) => goOn(c, 'b'),
    (c) => goOn(c, 'c'),
    (c) => goOn(c, 'd', 0.5),
    (c) => goOn(c, 'e'),
    endRun,
    (c) => void (c.deployment && rollOut(c)),
    (c) => {
      if (c.deployment) c.getStuck();
      c.step();
    },
    nextSlot,
    wholeRun,
    wholeRun,
  );
  const lives = fc.array(
    fc.oneof(
      {
        weight: 1,
        arbitrary: edits.map(
          (change): Act =>
            (cluster) =>
              edit(cluster, change),
        ),
      },
      { weight: 2, arbitrary: happenings },
    ),
    { maxLength: 20, size: 'max' },
  );

  function nextSlot(cluster: Cluster): void {
    const { nextRun } = cluster.modelRelease.status ?? {};
    if (nextRun !== undefined) cluster.now = new Date(nextRun);
    cluster.step();
  }

  function wholeRun(cluster: Cluster): void {
    if (!cluster.modelRelease.status?.run) nextSlot(cluster);
    // Each finds products that no run has seen.
    for (let step = 0; step < 3; step++) goOn(cluster, cluster.records.size.toString(16), 0.95);
    if (cluster.deployment) rollOut(cluster);
  }

  function endRun(cluster: Cluster): void {
    const step = cluster.modelRelease.status?.run?.step;
    if (step) cluster.fail(step, failure(step, 'BadData', 'row 3'));
    cluster.step();
  }

  /** A run at a time long after everything else, which serves. */
  function lastRun(cluster: Cluster): void {
    // Twice at most for a step: evaluate is asked again, without the champion.
    while (cluster.modelRelease.status?.run) endRun(cluster);
    cluster.now = new Date('2028-01-01T00:00:00Z');
    const { metadata } = cluster.modelRelease;
    const annotations = { [runNowAnnotation]: cluster.now.toISOString() };
    cluster.modelRelease = { ...cluster.modelRelease, metadata: { ...metadata, annotations } };
    cluster.step();
    for (let step = 0; step < 3; step++) goOn(cluster, 'f', 0.95);
    rollOut(cluster);
  }

  /** Deployment and Services, without what differs between two objects of one content. */
  function children({ deployment, services }: Cluster): unknown[] {
    return [deployment, ...services.values()].map((object) => {
      const { name, labels, annotations, ownerReferences } = object?.metadata ?? {};
      return { name, labels, annotations, ownerReferences, spec: object?.spec };
    });
  }

  it('a new run brings the same Jobs and the same Deployment after any life', () => {
    let served = 0;
    fc.assert(
      fc.property(lives, edits, (life, final) => {
        const whole = { ...spec, ...final };
        const cluster = new Cluster(modelRelease());
        cluster.step();
        for (const act of life) act(cluster);
        if (serves(cluster) !== undefined) served++;
        edit(cluster, whole);
        lastRun(cluster);
        const plain = new Cluster(modelRelease({ spec: whole }));
        plain.step();
        lastRun(plain);
        expect(serves(cluster)).to.equal('pictograms-20280101-000000');
        expect(children(cluster)).to.deep.equal(children(plain));
        const snapshot = (each: Cluster) =>
          argsOf(each, 'snapshot').filter((arg) => arg !== '--parent');
        expect(snapshot(cluster)).to.include.members(snapshot(plain));
        expect(decide(cluster.look()).apply).to.deep.equal([]);
      }),
      { numRuns: 30 },
    );
    // Else the lives would have become so short that nothing above was tried.
    expect(served).to.be.greaterThan(5);
  });

  it('any edits between two runs leave nothing behind: the last one alone counts, and taken back it is as before', () => {
    fc.assert(
      fc.property(fc.array(edits, { maxLength: 8 }), (changes) => {
        const cluster = during(3, { of: first });
        rollOut(cluster);
        const before = children(cluster);
        const status = withoutTimes(cluster);
        for (const change of changes) edit(cluster, { ...spec, ...change });
        edit(cluster, spec);
        rollOut(cluster);
        expect(children(cluster)).to.deep.equal(before);
        expect(withoutTimes(cluster)).to.deep.equal(status);
      }),
      { numRuns: 30 },
    );
  });

  function withoutTimes({ modelRelease: { status } }: Cluster): unknown {
    const { observedGeneration: _, conditions = [], ...rest } = status ?? {};
    return {
      ...rest,
      conditions: conditions.map(
        ({ observedGeneration: _, lastTransitionTime: __, ...each }) => each,
      ),
    };
  }
});
