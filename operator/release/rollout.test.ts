import { expect } from 'chai';
import { releaseLabel } from '../api/metadata.ts';
import { Cluster } from './fixtures/cluster.ts';
import { digest, failure } from './fixtures/messages.ts';
import { modelRelease } from './fixtures/model-release.ts';

const first = 'pictograms-20261122-020000';
const second = 'pictograms-20261122-030000';

function serving(): Cluster {
  const cluster = new Cluster();
  cluster.serve('a');
  return cluster;
}

/** The first release serves, the second passed and is being rolled out. */
function rolling(): Cluster {
  const cluster = serving();
  cluster.now = new Date('2026-11-22T03:00:00Z');
  cluster.pass('b');
  return cluster;
}

const released = (cluster: Cluster) => cluster.deployment?.metadata.labels?.[releaseLabel];
const argsOf = (cluster: Cluster) =>
  cluster.deployment?.spec?.template.spec?.containers[0]?.args ?? [];
const last = (cluster: Cluster) => cluster.modelRelease.status?.history?.[0];

describe('rollout', () => {
  it('pins the Deployment to the digest that was judged', () => {
    const cluster = rolling();
    expect(released(cluster)).to.equal(second);
    expect(argsOf(cluster)).to.include.members(['--release', second, '--digest', digest('b')]);
    expect(cluster.deployment?.spec?.template.metadata?.annotations).to.deep.equal({
      'shelfwise.dev/digest': digest('b'),
    });
    expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
    expect(cluster.modelRelease.status?.candidate?.release).to.equal(second);
    expect(cluster.modelRelease.status?.phase).to.equal('RollingOut');
  });

  const halfway = [
    { name: 'a pod is new', status: { replicas: 3, updatedReplicas: 1, availableReplicas: 3 } },
    {
      name: 'an old pod is still there',
      status: { replicas: 3, updatedReplicas: 2, availableReplicas: 3 },
    },
    {
      name: 'a new pod is not ready',
      status: { replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
    },
    {
      name: "the Deployment's controller has not seen it",
      status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    },
    { name: 'nothing is known', status: {} },
  ];
  for (const { name, status } of halfway) {
    it(`has not taken over while ${name}`, () => {
      const cluster = rolling();
      cluster.setDeploymentStatus(status);
      cluster.step();
      expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
      expect(cluster.modelRelease.status?.candidate?.release).to.equal(second);
    });
  }

  it('serves once all pods are new and ready', () => {
    const cluster = rolling();
    cluster.becomeReady();
    cluster.step();
    expect(cluster.modelRelease.status?.serving?.release).to.equal(second);
    expect(cluster.modelRelease.status?.candidate).to.equal(undefined);
    expect(last(cluster)?.outcome).to.equal('Served');
  });

  it('goes back to the last good release when it does not progress', () => {
    const cluster = rolling();
    cluster.getStuck();
    const plan = cluster.step();
    expect(plan.events.map(({ reason }) => reason)).to.deep.equal(['RolledBack']);
    expect(released(cluster)).to.equal(first);
    expect(argsOf(cluster)).to.include(digest('a'));
    expect(last(cluster)?.outcome).to.equal('RolledBack');
    expect(last(cluster)?.reason).to.equal('ProgressDeadlineExceeded');
    expect(cluster.modelRelease.status?.serving?.release).to.equal(first);
    const degraded = cluster.modelRelease.status?.conditions?.find(
      ({ type }) => type === 'Degraded',
    );
    expect(degraded?.message).to.include('spec.serving.progressDeadlineSeconds (600 s)');
  });

  it('says what kept the pods from being ready', () => {
    const cluster = rolling();
    const words = '0/1 nodes are available: 1 Insufficient memory.';
    cluster.servingPod(
      {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', message: words } as never],
      },
      {},
    );
    cluster.step();
    expect(cluster.modelRelease.status?.candidate?.message).to.equal(
      `rollout: 0 of 2 pods are ready; ${words}`,
    );
    expect(cluster.modelRelease.status?.phase).to.equal('Waiting');
    cluster.getStuck();
    cluster.step();
    expect(last(cluster)?.reason).to.equal('Unschedulable');
    expect(last(cluster)?.message).to.include(words);
  });

  it("goes back at once when a pod refuses the model, in the pod's words", () => {
    const cluster = rolling();
    const terminated = failure(
      'serve',
      'BadData',
      'model.onnx does not give what golden.json says',
    );
    cluster.servingPod(
      { phase: 'Running' },
      { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } },
    );
    cluster.step();
    expect(last(cluster)?.reason).to.equal('ModelRefused');
    expect(last(cluster)?.message).to.include('model.onnx does not give what golden.json says');
    expect(released(cluster)).to.equal(first);
  });

  it("does not take the end of a container that the cluster added for the model's refusal", () => {
    const cluster = rolling();
    const terminated = failure('serve', 'BadData', 'no route');
    const pod = cluster.servingPod({ phase: 'Running' }, {});
    const added = { name: 'mesh', image: '', imageID: '', ready: false, restartCount: 1 };
    const containerStatuses = [
      ...(pod.status?.containerStatuses ?? []),
      { ...added, state: {}, lastState: { terminated } },
    ];
    cluster.pods.set(pod.metadata.name, { ...pod, status: { ...pod.status, containerStatuses } });
    cluster.step();
    expect(released(cluster)).to.equal(second);
    expect(cluster.modelRelease.status?.candidate?.message).to.include('no route');
  });

  it('waits where a restart may help', () => {
    const cluster = rolling();
    const terminated = failure('serve', 'StoreUnreachable', 'bucket models does not answer');
    cluster.servingPod(
      { phase: 'Running' },
      { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } },
    );
    cluster.step();
    expect(cluster.modelRelease.status?.candidate?.reason).to.equal('StoreUnreachable');
    expect(released(cluster)).to.equal(second);
  });

  it('takes a first release that is refused away: nothing good is there to go back to', () => {
    const cluster = new Cluster();
    cluster.pass('a');
    cluster.getStuck();
    const plan = cluster.step();
    expect(plan.remove.map(({ kind }) => kind)).to.deep.equal(['Deployment']);
    expect(cluster.modelRelease.status?.phase).to.equal('Failed');
    expect(cluster.step().apply).to.deep.equal([]);
  });

  it('replaces a candidate by a newer one', () => {
    const cluster = serving();
    cluster.now = new Date('2026-11-22T03:00:00Z');
    cluster.pass('b');
    cluster.now = new Date('2026-11-29T03:00:00Z');
    cluster.pass('c');
    expect(released(cluster)).to.equal('pictograms-20261129-030000');
    expect(last(cluster)?.outcome).to.equal('Superseded');
    cluster.becomeReady();
    cluster.step();
    expect(cluster.modelRelease.status?.serving?.release).to.equal('pictograms-20261129-030000');
  });

  it('says when what serves is not available', () => {
    const cluster = serving();
    cluster.setDeploymentStatus({ replicas: 2, updatedReplicas: 2, availableReplicas: 1 });
    cluster.servingPod(
      { phase: 'Running' },
      {
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      },
    );
    cluster.step();
    const ready = cluster.modelRelease.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.status).to.equal('False');
    expect(ready?.reason).to.equal('Unavailable');
    expect(ready?.message).to.include('1 of 2 pods').and.to.include('more memory than its limit');
  });

  it("does not touch a Deployment that is somebody else's", () => {
    const cluster = new Cluster(modelRelease());
    cluster.pass('a');
    if (!cluster.deployment) throw new Error('No Deployment.');
    cluster.deployment = {
      ...cluster.deployment,
      metadata: { ...cluster.deployment.metadata, ownerReferences: [], labels: {} },
    };
    const plan = cluster.step();
    expect(plan.apply).to.deep.equal([]);
    expect(plan.remove).to.deep.equal([]);
    const degraded = cluster.modelRelease.status?.conditions?.find(
      ({ type }) => type === 'Degraded',
    );
    expect(degraded?.reason).to.equal('NameTaken');
  });
});
