import { expect } from 'chai';
import type { Pod } from '../api/kubernetes.ts';
import { Cluster } from './fixtures/cluster.ts';
import { snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

type Status = NonNullable<Pod['status']>;

const at = (time: string) => new Date(`2026-11-22T${time}Z`);
const running = (ready: boolean): Status =>
  ({
    phase: 'Running',
    startTime: '2026-11-22T02:00:10Z',
    conditions: [
      {
        type: 'Ready',
        status: ready ? 'True' : 'False',
        lastTransitionTime: '2026-11-22T02:05:00Z',
      },
    ],
    containerStatuses: [{ name: 'step', ready: true, state: { running: {} } }],
  }) as unknown as Status;

/** A training of at most an hour, whose pod stands as given; it waits at most two hours to begin. */
function training(status: Status, deletionTimestamp?: string): Cluster {
  const limits = { activeDeadlineSeconds: 3600, schedulingTimeoutSeconds: 7200 };
  const cluster = new Cluster(
    modelRelease({ spec: { training: { ...spec.training, ...limits } } }),
  );
  cluster.step();
  cluster.succeed('snapshot', snapshotMessage());
  cluster.step();
  const pod = cluster.stepPod('train', status);
  cluster.pods.set(pod.metadata.name, {
    ...pod,
    metadata: { ...pod.metadata, ...(deletionTimestamp ? { deletionTimestamp } : {}) },
    spec: { nodeName: 'gpu-1', containers: [] },
  });
  return cluster;
}

function saidAt(cluster: Cluster, time: string) {
  cluster.now = at(time);
  const plan = cluster.step();
  const { run, phase, history } = cluster.modelRelease.status ?? {};
  return { plan, run, phase, last: history?.[0] };
}

describe('a pod whose node does not answer', () => {
  it('is waited for as lost also when its Job is deleted and waits for it', () => {
    const cluster = training(running(true), '2026-11-22T02:10:30Z');
    const job = cluster.job('train');
    const metadata = { ...job.metadata, deletionTimestamp: '2026-11-22T02:10:00Z' };
    cluster.jobs.set(job.metadata.name, { ...job, metadata });
    const early = saidAt(cluster, '02:10:40');
    expect(early.run?.message).to.include('is being deleted');
    expect(early.plan.requeueAfterMs).to.be.at.most(50_000);
    expect(saidAt(cluster, '02:11:30').run?.reason).to.equal('NodeLost');
    expect(saidAt(cluster, '03:01:40').last).to.include({
      outcome: 'RunFailed',
      reason: 'NodeLost',
    });
  });

  it('is waited for as lost once it should be gone, with the node and the way out', () => {
    const cluster = training(running(false), '2026-11-22T02:10:30Z');
    const { run, phase, plan } = saidAt(cluster, '02:11:30');
    expect(phase).to.equal('Waiting');
    expect(run).to.include({ reason: 'NodeLost', since: '2026-11-22T02:10:30Z' });
    expect(run?.message)
      .to.include(
        'Node gpu-1 does not answer: pod pictograms-20261122-020000-train-a was to be gone',
      )
      .and.to.include('delete its Node object')
      .and.to.include('node.kubernetes.io/out-of-service=nodeshutdown:NoExecute');
    expect(plan.remove).to.deep.equal([]);
    // Nothing is written while it waits.
    expect(saidAt(cluster, '02:30:00').plan.status).to.equal(undefined);
  });

  it('is said to be silent before, when the node controller took its readiness', () => {
    const { run } = saidAt(training(running(false)), '02:05:01');
    expect(run).to.include({ reason: 'NodeLost', since: '2026-11-22T02:05:00Z' });
    expect(run?.message).to.include('may still work there, unseen');
  });

  it('is not said to be lost while it ends within its grace, and is looked at again after that', () => {
    const { run, plan } = saidAt(training(running(true), '2026-11-22T02:10:30Z'), '02:11:00');
    expect(run?.reason).to.equal('Training');
    expect(plan.requeueAfterMs).to.equal(30_000);
  });

  it('is looked at again when it should be gone, though it is waited for already', () => {
    const cluster = training(running(false), '2026-11-22T02:10:30Z');
    const { run, plan } = saidAt(cluster, '02:06:00');
    expect(run?.message).to.include('may still work there, unseen');
    expect(plan.requeueAfterMs).to.equal(330_000);
  });

  it('fails the run when its time limit is over, and takes the Job away: no later than that it could still succeed', () => {
    const cluster = training(running(false), '2026-11-22T02:10:30Z');
    // Its start + an hour + 30 s of grace + a minute for a slow kubelet.
    expect(saidAt(cluster, '03:01:39').last).to.equal(undefined);
    expect(saidAt(cluster, '03:01:39').plan.requeueAfterMs).to.equal(1_000);
    const { last, plan } = saidAt(cluster, '03:01:40');
    expect(last).to.include({ outcome: 'RunFailed', reason: 'NodeLost' });
    expect(last?.message).to.include('train failed: Node gpu-1 does not answer');
    expect(plan.remove.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).to.deep.equal([
      'Job pictograms-20261122-020000-train',
    ]);
  });

  it('fails the run likewise where nobody told the pod to go, because it tolerates every taint', () => {
    const cluster = training(running(true));
    expect(saidAt(cluster, '03:01:39').run?.reason).to.equal('Training');
    const { last } = saidAt(cluster, '03:01:40');
    expect(last).to.include({ outcome: 'RunFailed', reason: 'NodeLost' });
    expect(last?.message).to.include('ran into its time limit and was not ended');
  });

  it('goes on when the node is back', () => {
    const cluster = training(running(false));
    expect(saidAt(cluster, '02:06:00').run?.reason).to.equal('NodeLost');
    cluster.stepPod('train', running(true));
    expect(saidAt(cluster, '02:07:00').run?.reason).to.equal('Training');
  });

  it('that never began is held to the wait for a start', () => {
    const pending = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] };
    const cluster = training(pending as unknown as Status, '2026-11-22T02:10:30Z');
    expect(saidAt(cluster, '03:59:59').run?.reason).to.equal('NodeLost');
    expect(saidAt(cluster, '04:00:00').last?.reason).to.equal('NodeLost');
  });
});
