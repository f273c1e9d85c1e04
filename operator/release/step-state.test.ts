import { expect } from 'chai';
import type { Job, Pod } from '../api/kubernetes.ts';
import { puzzles } from './explanations.ts';
import { Cluster } from './fixtures/cluster.ts';
import { modelRelease } from './fixtures/model-release.ts';

type Status = NonNullable<Pod['status']>;

const pressure = (podName: string): Status => ({
  phase: 'Failed',
  reason: 'Evicted',
  message: `The node was low on resource: memory. Container ${podName} was using 9Gi.`,
});
const running: Status = { phase: 'Running' };
const creating = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'True' }],
  containerStatuses: [{ name: 'step', state: { waiting: { reason: 'ContainerCreating' } } }],
} as unknown as Status;
const unseen = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'True' }],
} as unknown as Status;

/** A first run, which waits for its snapshot Job. */
function snapshotting(): Cluster {
  const cluster = new Cluster(modelRelease());
  cluster.step();
  return cluster;
}
const run = (cluster: Cluster) => cluster.modelRelease.status?.run;
const later = (cluster: Cluster, seconds: number) => {
  cluster.now = new Date(cluster.now.getTime() + seconds * 1000);
};
function setJobStatus(cluster: Cluster, status: object): void {
  const job = cluster.job('snapshot');
  cluster.jobs.set(job.metadata.name, { ...job, status } as Job);
}

describe('step-state: a step that is tried again', () => {
  it('says how often, for disruptions are not counted against a Job and may never end', () => {
    const cluster = snapshotting();
    for (let attempt = 1; attempt <= 7; attempt++) {
      cluster.stepPod('snapshot', pressure(`no-${attempt}`), `p${attempt}`);
      later(cluster, 60);
      cluster.stepPod('snapshot', running, `p${attempt + 1}`);
      cluster.step();
      const times =
        attempt === 1 ? '' : ` (for the ${attempt}${['', '', 'nd', 'rd'][attempt] ?? 'th'} time)`;
      expect(run(cluster)?.message).to.include(
        `Tried again${times} after: The node was low on resource: memory`,
      );
      expect(run(cluster)?.message).to.include(`no-${attempt} was using`);
      expect(run(cluster)?.reason).to.equal('Evicted');
    }
    expect(cluster.modelRelease.status?.history).to.deep.equal([]);
  });

  it('says that an earlier pod is gone without a trace', () => {
    const cluster = snapshotting();
    setJobStatus(cluster, { startTime: '2026-11-22T02:00:01Z' });
    later(cluster, 3_600);
    cluster.stepPod('snapshot', running);
    cluster.step();
    expect(run(cluster)?.message).to.include(
      'Its pod is of 2026-11-22T03:00:00Z, its Job began at 2026-11-22T02:00:01Z',
    );
  });

  it('says what keeps its next pod from being made, counted from the end of the one before', () => {
    const cluster = snapshotting();
    const finishedAt = '2026-11-22T04:00:00Z';
    const terminated = { exitCode: 1, finishedAt, message: 'oh' };
    const failed = {
      phase: 'Failed',
      containerStatuses: [{ name: 'step', state: { terminated } }],
    };
    cluster.stepPod('snapshot', failed as unknown as Status);
    const [puzzle] = puzzles([...cluster.jobs.values()], [...cluster.pods.values()]);
    expect(puzzle).to.include({ after: finishedAt });
    cluster.explanations.set(cluster.job('snapshot').metadata.uid, {
      ...{ reason: 'FailedCreate', message: 'exceeded quota: gpus', since: '' },
    });
    // A day after the Job was made, which is the limit, but not after the pod's end.
    cluster.now = new Date('2026-11-23T03:00:00Z');
    cluster.step();
    expect(run(cluster)).to.include({ reason: 'QuotaExceeded', since: finishedAt });
  });
});

describe('step-state: what is over', () => {
  for (const [type, why] of [
    ['SuccessCriteriaMet', 'its pods may not be over yet'],
    ['FailureTarget', 'its pods may not be over yet'],
    ['Suspended', 'it can be resumed'],
  ]) {
    it(`is not a Job with the condition ${type}: ${why}`, () => {
      const cluster = snapshotting();
      setJobStatus(cluster, { conditions: [{ type, status: 'True' }] });
      const plan = cluster.step();
      expect(plan.note).to.deep.equal([]);
      expect(plan.remove).to.deep.equal([]);
      expect(run(cluster)?.reason).to.equal('Snapshotting');
    });
  }

  it('is nobody to be asked about', () => {
    const cluster = snapshotting();
    const asked = () => puzzles([...cluster.jobs.values()], [...cluster.pods.values()]).length;
    expect(asked()).to.equal(1);
    setJobStatus(cluster, { conditions: [{ type: 'FailureTarget', status: 'True' }] });
    expect(asked()).to.equal(0);
    cluster.endJob('snapshot', 'Failed');
    expect(asked()).to.equal(0);
  });
});

describe('step-state: a pod that starts', () => {
  it('is asked about from when it has a node: what the scheduler said before is over', () => {
    const cluster = snapshotting();
    const lastTransitionTime = '2026-11-22T04:00:00Z';
    const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime }];
    const pod = cluster.stepPod('snapshot', { ...creating, conditions });
    expect(puzzles([], [pod])).to.deep.equal([{ about: pod, after: lastTransitionTime }]);
  });

  for (const [name, status] of [
    ['whose container is being created', creating],
    ['that its node has not taken up', unseen],
  ] as const) {
    it(`${name} is not worth a word for a minute, and one after that`, () => {
      const cluster = snapshotting();
      const pod = cluster.stepPod('snapshot', status);
      cluster.pods.set(pod.metadata.name, { ...pod, spec: { nodeName: 'cpu-1', containers: [] } });
      expect(cluster.step().requeueAfterMs).to.equal(60_000);
      expect(run(cluster)?.reason).to.equal('Snapshotting');
      expect(puzzles([], [...cluster.pods.values()])).to.have.length(1);
      later(cluster, 60);
      cluster.step();
      expect(run(cluster)?.reason).to.equal('Starting');
      expect(run(cluster)?.message).to.include('Node cpu-1 has not started it yet');
      expect(cluster.step().status).to.equal(undefined);
    });
  }
});
