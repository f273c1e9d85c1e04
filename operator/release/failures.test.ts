import { expect } from 'chai';
import type { Pod } from '../api/kubernetes.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { failure, snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

type Status = NonNullable<Pod['status']>;

const created = '2026-11-22T02:00:00Z';
const ended = (terminated: object, rest: Partial<Status> = {}): Status =>
  ({
    phase: 'Failed',
    containerStatuses: [{ name: 'step', state: { terminated } }],
    ...rest,
  }) as unknown as Status;
const waits = (reason: string, message: string): Status =>
  ({
    phase: 'Pending',
    containerStatuses: [{ name: 'step', state: { waiting: { reason, message } } }],
  }) as unknown as Status;
const unscheduled = (message: string): Status =>
  ({
    phase: 'Pending',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message,
        lastTransitionTime: '2026-11-22T02:00:05Z',
      },
    ],
  }) as unknown as Status;
const disrupted = (reason: string, message: string) =>
  ({
    conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }],
  }) as unknown as Partial<Status>;

/** A cluster whose first run waits for its snapshot Job. */
function snapshotting(change: Partial<typeof spec.training> = {}): Cluster {
  const cluster = new Cluster(
    modelRelease({ spec: { training: { ...spec.training, ...change } } }),
  );
  cluster.step();
  return cluster;
}

describe('failures: how a step ends, told apart', () => {
  const cases: { name: string; status: Status; reason: string; says: string }[] = [
    {
      name: 'bad data',
      status: ended(failure('snapshot', 'BadData', 'X_train.csv has no column designation')),
      reason: 'BadData',
      says: 'snapshot failed: X_train.csv has no column designation',
    },
    {
      name: 'bad configuration',
      status: ended(failure('snapshot', 'BadConfiguration', 'owner.json is of another cluster')),
      reason: 'BadConfiguration',
      says: 'owner.json is of another cluster',
    },
    {
      name: 'NaN',
      status: ended(failure('train', 'Diverged', 'the loss is NaN in epoch 2')),
      reason: 'Diverged',
      says: 'the loss is NaN in epoch 2',
    },
    {
      name: 'no GPU',
      status: ended(failure('train', 'NoGPU', 'no GPU is visible')),
      reason: 'NoGPU',
      says: 'no GPU is visible',
    },
    {
      name: 'a lost race',
      status: ended(failure('train', 'LostRace', 'another manifest appeared')),
      reason: 'LostRace',
      says: 'another manifest appeared',
    },
    {
      name: 'no store',
      status: ended(failure('snapshot', 'StoreUnreachable', 'bucket models does not exist')),
      reason: 'StoreUnreachable',
      says: 'bucket models does not exist',
    },
    {
      name: 'an exit code whose message was lost',
      status: ended({ exitCode: 21 }),
      reason: 'StoreUnreachable',
      says: 'exit code 21 (StoreUnreachable)',
    },
    {
      name: 'a crash, with the end of its log',
      status: ended({ exitCode: 1, message: 'at line 3\nTypeError: x is undefined\n' }),
      reason: 'StepCrashed',
      says: 'exit code 1: TypeError: x is undefined',
    },
    {
      name: 'memory',
      status: ended({ exitCode: 137, reason: 'OOMKilled' }),
      reason: 'OutOfMemory',
      says: 'more memory than its limit',
    },
    {
      name: 'a scratch volume that is too small',
      status: {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'Usage of EmptyDir volume "scratch" exceeds the limit "10Gi".',
      },
      reason: 'ScratchFull',
      says: 'EmptyDir volume "scratch" exceeds the limit "10Gi"',
    },
    {
      name: 'an eviction that the step noticed',
      status: ended(failure('train', 'Interrupted', 'SIGTERM'), {
        reason: 'Evicted',
        message: 'The node was low on resource: memory.',
      }),
      reason: 'Evicted',
      says: 'low on resource: memory',
    },
    {
      name: 'an interruption by nobody known',
      status: ended(failure('train', 'Interrupted', 'SIGTERM after epoch 3')),
      reason: 'Interrupted',
      says: 'SIGTERM after epoch 3',
    },
    {
      name: 'a lost node',
      status: ended(
        { exitCode: 137 },
        disrupted('DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'),
      ),
      reason: 'NodeLost',
      says: 'NoExecute taint',
    },
    {
      name: 'a more important pod',
      status: ended(
        { exitCode: 137 },
        disrupted(
          'PreemptionByScheduler',
          'default-scheduler: preempting to accommodate a higher priority pod',
        ),
      ),
      reason: 'Preempted',
      says: 'higher priority pod',
    },
  ];
  for (const { name, status, reason, says } of cases) {
    it(`${name}: ${reason}`, () => {
      const cluster = snapshotting();
      cluster.stepPod('snapshot', status);
      cluster.endJob('snapshot', 'Failed');
      cluster.step();
      const last = cluster.modelRelease.status?.history?.[0];
      expect(last?.outcome).to.equal('RunFailed');
      expect(last?.reason).to.equal(reason);
      expect(last?.message).to.include(says);
      const degraded = cluster.modelRelease.status?.conditions?.find(
        ({ type }) => type === 'Degraded',
      );
      expect(degraded?.reason).to.equal(reason);
      expect(cluster.events.at(-1)?.reason).to.equal('RunFailed');
    });
  }

  it('a Job without pods left: what its condition says', () => {
    const cluster = snapshotting();
    cluster.endJob('snapshot', 'Failed', 'Job has reached the specified backoff limit');
    cluster.step();
    expect(cluster.modelRelease.status?.history?.[0]?.message).to.include('backoff limit');
  });

  it('a model tar that does not verify: VerificationFailed', () => {
    const cluster = snapshotting();
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    cluster.succeed('train', undefined);
    cluster.step();
    cluster.fail('evaluate', failure('evaluate', 'BadData', 'model.tar has another digest'));
    cluster.step();
    const { conditions, history } = cluster.modelRelease.status ?? {};
    expect(history?.[0]?.reason).to.equal('VerificationFailed');
    expect(conditions?.find(({ type }) => type === 'Verified')?.message).to.include(
      'another digest',
    );
    expect(cluster.deployment).to.equal(undefined);
  });

  it('a deadline ends the Job at once: its next pod would take as long', () => {
    const cluster = snapshotting();
    const job = cluster.job('snapshot');
    cluster.stepPod(
      'snapshot',
      ended(
        { exitCode: 20 },
        {
          reason: 'DeadlineExceeded',
          message: 'Pod was active on the node longer than the specified deadline',
        },
      ),
    );
    const plan = cluster.step();
    expect(plan.remove.map(({ metadata }) => metadata.name)).to.deep.equal([job.metadata.name]);
    expect(cluster.modelRelease.status?.history?.[0]?.reason).to.equal('DeadlineExceeded');
  });

  it('says why a step is tried again', () => {
    const cluster = snapshotting();
    cluster.stepPod('snapshot', ended({ exitCode: 137, reason: 'OOMKilled' }), 'a');
    cluster.stepPod('snapshot', { phase: 'Running' }, 'b');
    cluster.step();
    expect(cluster.modelRelease.status?.run?.message).to.include(
      'Tried again after: The container needed more memory',
    );
    expect(cluster.modelRelease.status?.run?.reason).to.equal('OutOfMemory');
    expect(cluster.modelRelease.status?.phase).to.equal('Snapshotting');
  });
});

describe('failures: what a step waits for, told apart', () => {
  const words =
    '0/3 nodes are available: 3 Insufficient nvidia.com/gpu. no new claims to deallocate.';
  const cases: {
    name: string;
    status: Status;
    event?: { reason: string; message: string };
    reason: string;
    says: string;
  }[] = [
    { name: 'a node', status: unscheduled(words), reason: 'Unschedulable', says: words },
    {
      name: 'an image',
      status: waits('ImagePullBackOff', 'Back-off pulling image "x": not found'),
      reason: 'ImagePull',
      says: 'Back-off pulling image "x": not found',
    },
    {
      name: 'a key of a Secret',
      status: waits(
        'CreateContainerConfigError',
        "couldn't find key url in Secret shop/db: references non-existent secret key: url",
      ),
      reason: 'MissingSecret',
      says: 'references non-existent secret key: url',
    },
    {
      name: 'a Secret that is to be mounted',
      status: waits('ContainerCreating', ''),
      event: {
        reason: 'FailedMount',
        message: 'MountVolume.SetUp failed for volume "s3" : secret "s3" not found',
      },
      reason: 'MissingSecret',
      says: 'secret "s3" not found',
    },
    {
      name: 'another volume',
      status: waits('ContainerCreating', ''),
      event: { reason: 'FailedMount', message: 'timed out waiting for the condition' },
      reason: 'VolumeNotMounted',
      says: 'timed out',
    },
    {
      name: 'a sandbox',
      status: waits('ContainerCreating', ''),
      event: { reason: 'FailedCreatePodSandBox', message: 'no IP addresses' },
      reason: 'PodNotStarted',
      says: 'FailedCreatePodSandBox: no IP addresses',
    },
  ];
  for (const { name, status, event, reason, says } of cases) {
    it(`${name}: ${reason}`, () => {
      const cluster = snapshotting();
      const pod = cluster.stepPod('snapshot', status);
      if (event) cluster.explanations.set(pod.metadata.uid, { ...event, since: created });
      cluster.step();
      const { run, phase, conditions } = cluster.modelRelease.status ?? {};
      expect(phase).to.equal('Waiting');
      expect(run?.reason).to.equal(reason);
      expect(run?.message)
        .to.match(/^snapshot: /)
        .and.to.include(says);
      const progressing = conditions?.find(({ type }) => type === 'Progressing');
      expect(progressing?.status).to.equal('True');
      expect(progressing?.reason).to.equal(reason);
      expect(progressing?.message).to.include(says).and.to.include(`Since ${run?.since}`);
      // Nothing changes while it waits.
      expect(cluster.step().status).to.equal(undefined);
    });
  }

  it('says since when no node was found, not since when the pod is there', () => {
    const cluster = snapshotting();
    cluster.stepPod('snapshot', unscheduled(words));
    cluster.step();
    expect(cluster.modelRelease.status?.run?.since).to.equal('2026-11-22T02:00:05Z');
  });

  for (const [message, reason] of [
    ['pods "x" is forbidden: exceeded quota: gpus, requested: 1', 'QuotaExceeded'],
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest"', 'PodRefused'],
  ] as const) {
    it(`a pod that may not be: ${reason}`, () => {
      const cluster = snapshotting();
      cluster.explanations.set(cluster.job('snapshot').metadata.uid, {
        reason: 'FailedCreate',
        message,
        since: created,
      });
      cluster.step();
      expect(cluster.modelRelease.status?.run?.reason).to.equal(reason);
      expect(cluster.modelRelease.status?.run?.message).to.include(message);
    });
  }

  it('that it may not ask the cluster why', () => {
    const cluster = snapshotting();
    cluster.explanations.set(cluster.job('snapshot').metadata.uid, {
      ...{ reason: 'Unknown', message: 'events is forbidden', since: '' },
    });
    cluster.step();
    expect(cluster.modelRelease.status?.run?.reason).to.equal('PodNotStarted');
    expect(cluster.modelRelease.status?.run?.message).to.include('events is forbidden');
  });

  it('goes on when what it waited for is there', () => {
    const cluster = snapshotting();
    cluster.stepPod('snapshot', unscheduled(words));
    cluster.step();
    cluster.stepPod('snapshot', {
      phase: 'Running',
      containerStatuses: [{ name: 'step', state: { running: {} } }] as never,
    });
    cluster.step();
    expect(cluster.modelRelease.status?.phase).to.equal('Snapshotting');
    expect(cluster.modelRelease.status?.run?.reason).to.equal('Snapshotting');
  });

  it('waits no longer than spec.training.schedulingTimeoutSeconds, and asks to be woken for that', () => {
    const cluster = snapshotting({ schedulingTimeoutSeconds: 600 });
    cluster.stepPod('snapshot', unscheduled(words));
    expect(cluster.step().requeueAfterMs).to.equal(600_000);
    cluster.now = new Date('2026-11-22T02:10:00Z');
    const plan = cluster.step();
    expect(plan.remove.map(({ kind }) => kind)).to.deep.equal(['Job']);
    const last = cluster.modelRelease.status?.history?.[0];
    expect(last?.reason).to.equal('Unschedulable');
    expect(last?.message)
      .to.include(words)
      .and.to.include('spec.training.schedulingTimeoutSeconds (600 s)');
  });

  it('fails no run whose pod went with its node, however old the Job is', () => {
    const cluster = snapshotting({ schedulingTimeoutSeconds: 600 });
    cluster.now = new Date('2026-11-22T02:30:00Z');
    const plan = cluster.step();
    expect(plan.remove).to.deep.equal([]);
    expect(plan.requeueAfterMs).to.be.above(0);
    expect(cluster.modelRelease.status?.run?.reason).to.equal('Snapshotting');
  });

  it('stops the Job of a failed run also when the operator did not live to do so', () => {
    const cluster = snapshotting({ schedulingTimeoutSeconds: 600 });
    cluster.stepPod('snapshot', unscheduled(words));
    cluster.now = new Date('2026-11-22T02:10:00Z');
    cluster.carryOut({ ...decide(cluster.look()), remove: [] });
    expect(cluster.modelRelease.status?.history?.[0]?.outcome).to.equal('RunFailed');
    expect(cluster.step().remove.map(({ kind }) => kind)).to.deep.equal(['Job']);
    expect(cluster.step().remove).to.deep.equal([]);
  });

  for (const type of ['Complete', 'Failed'] as const) {
    it(`waits for the news of its pod when the Job is ${type} before`, () => {
      const cluster = snapshotting();
      cluster.stepPod('snapshot', { phase: 'Running' });
      cluster.endJob('snapshot', type);
      const plan = cluster.step();
      expect(plan.create).to.deep.equal([]);
      expect(plan.note).to.deep.equal([]);
    });
  }

  it('does not wait for an image that cannot exist', () => {
    const cluster = snapshotting();
    cluster.stepPod(
      'snapshot',
      waits('InvalidImageName', 'Failed to apply default image tag "UP:er"'),
    );
    cluster.step();
    expect(cluster.modelRelease.status?.history?.[0]?.reason).to.equal('InvalidImage');
  });
});
