import { expect } from 'chai';
import type { Job } from '../api/kubernetes.ts';
import { ApiError } from '../kube/api-error.ts';
import type { ApiRequest, Transport } from '../kube/transport.ts';
import { explain, puzzles } from './explanations.ts';
import { Cluster } from './fixtures/cluster.ts';
import { snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';
import { askKueue, type Workload, wordsOf } from './queue.ts';

const condition = (type: string, status: string, reason: string, message: string) => ({
  ...{ type, status, reason, message },
  lastTransitionTime: '2026-11-22T02:00:00Z',
});
const noQuota =
  "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor gpus, 1 more needed";
const pending = condition('QuotaReserved', 'False', 'Pending', noQuota);
const reserved = condition(
  'QuotaReserved',
  'True',
  'QuotaReserved',
  'Quota reserved in ClusterQueue gpus',
);
const evicted = (reason: string, message: string) => condition('Evicted', 'True', reason, message);

describe('the words of Kueue', () => {
  // Conditions as Kueue 0.18.2 wrote them, but for the last two.
  const cases: { name: string; workload: Partial<Workload>; says: string }[] = [
    {
      name: 'no quota',
      workload: { status: { conditions: [pending] } },
      says: `${noQuota}.`,
    },
    {
      name: 'no such queue',
      workload: {
        status: {
          conditions: [
            condition('QuotaReserved', 'False', 'Inadmissible', "LocalQueue nowhere doesn't exist"),
          ],
        },
      },
      says: "LocalQueue nowhere doesn't exist.",
    },
    {
      name: 'preempted',
      workload: {
        status: {
          conditions: [pending, evicted('Preempted', 'Preempted to accommodate a workload')],
        },
      },
      says: `${noQuota}. It gave its place back at 2026-11-22T02:00:00Z (Preempted).`,
    },
    {
      name: 'preempted and admitted again',
      workload: {
        status: {
          conditions: [
            reserved,
            condition('Evicted', 'False', 'QuotaReserved', 'Previously: Preempted'),
          ],
        },
      },
      says: 'Kueue has reserved quota and is about to start it.',
    },
    {
      name: 'deactivated',
      workload: {
        spec: { active: false },
        status: { conditions: [pending, evicted('Deactivated', 'The workload is deactivated')] },
      },
      says: "Kueue's Workload job-one was deactivated: The workload is deactivated (set its spec.active to true to queue it again).",
    },
    { name: 'not looked at', workload: {}, says: 'Kueue has not looked at it yet.' },
    {
      name: 'an admission check',
      workload: {
        status: {
          conditions: [reserved],
          admissionChecks: [
            { name: 'budget', state: 'Ready' },
            { name: 'autoscaler', state: 'Pending', message: 'no capacity' },
          ],
        },
      },
      says: 'Quota is reserved; admission checks are open: autoscaler is Pending: no capacity.',
    },
  ];
  for (const { name, workload, says } of cases)
    it(name, () => expect(wordsOf({ metadata: { name: 'job-one' }, ...workload })).to.equal(says));
});

describe('a Kueue that is asked', () => {
  const job = {
    metadata: { name: 'train', namespace: 'shop', uid: 'u-1', labels: {} },
  } as unknown as Job;
  const served =
    (answers: Record<string, Workload[] | number>, asked: ApiRequest[] = []) =>
    (request: ApiRequest) => {
      asked.push(request);
      const [, version = ''] = /kueue.x-k8s.io\/(\w+)\//.exec(request.path) ?? [];
      const answer = answers[version] ?? 404;
      if (typeof answer !== 'number') return Promise.resolve({ items: answer });
      const info = { verb: 'list', resource: 'workloads.kueue.x-k8s.io' };
      const error = { ...info, status: answer, reason: 'Refused', message: `says ${answer}` };
      return Promise.reject(new ApiError(error as ConstructorParameters<typeof ApiError>[0]));
    };
  const ask = (answers: Record<string, Workload[] | number>, asked?: ApiRequest[]) =>
    askKueue(job, 'gpus', { request: served(answers, asked) as Transport['request'] });
  const workload: Workload = { metadata: { name: 'w' }, status: { conditions: [pending] } };

  it('tells of the Workload of this Job alone', async () => {
    const asked: ApiRequest[] = [];
    expect((await ask({ v1beta2: [workload] }, asked)).message).to.equal(`${noQuota}.`);
    expect(asked.map(({ path, query }) => [path, query])).to.deep.equal([
      [
        '/apis/kueue.x-k8s.io/v1beta2/namespaces/shop/workloads',
        { labelSelector: 'kueue.x-k8s.io/job-uid=u-1' },
      ],
    ]);
  });
  it('may be an older one', async () => {
    expect((await ask({ v1beta1: [workload] })).message).to.equal(`${noQuota}.`);
  });
  it('may not be there', async () => {
    expect((await ask({})).message).to.include(
      'The cluster has no Kueue that could admit Job train',
    );
  });
  it('may not mind Jobs', async () => {
    expect((await ask({ v1beta2: [] })).message).to.include('Kueue takes no notice of Job train');
  });
  it('may not be asked: that is the caller to say', async () => {
    const error = await ask({ v1beta2: 403 }).catch((caught) => caught);
    expect(error).to.be.instanceOf(ApiError).and.to.include({ status: 403 });
  });
});

describe('a training in a queue', () => {
  const limits = { queueName: 'gpus', schedulingTimeoutSeconds: 600 };

  function queued(): Cluster {
    const cluster = new Cluster(
      modelRelease({ spec: { training: { ...spec.training, ...limits } } }),
    );
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    return cluster;
  }
  function change(cluster: Cluster, suspend: boolean, since: string): void {
    const job = cluster.job('train');
    const conditions = [
      { type: 'Suspended', status: suspend ? 'True' : 'False', lastTransitionTime: since },
    ];
    cluster.jobs.set(job.metadata.name, {
      ...job,
      ...(job.spec ? { spec: { ...job.spec, suspend } } : {}),
      status: { conditions },
    } as Job);
  }
  const run = (cluster: Cluster) => cluster.modelRelease.status?.run;

  it('waits with the words of Kueue', () => {
    const cluster = queued();
    cluster.explanations.set(cluster.job('train').metadata.uid, {
      ...{ reason: 'Queued', message: `${noQuota}.`, since: '' },
    });
    cluster.step();
    expect(run(cluster)).to.include({
      reason: 'Queued',
      message: `train: LocalQueue gpus: ${noQuota}.`,
    });
    expect(cluster.modelRelease.status?.phase).to.equal('Waiting');
    expect(cluster.step().status).to.equal(undefined);
  });

  it('is asked about also while its pod still ends, and holds up nothing else when Kueue is ill', async () => {
    const cluster = queued();
    cluster.stepPod('train', { phase: 'Running' });
    const stuck = puzzles([...cluster.jobs.values()], [...cluster.pods.values()]);
    expect(stuck.map(({ queue }) => queue)).to.deep.equal(['gpus']);
    const now = new Date(cluster.now.getTime() + 60_000);
    const error = { verb: 'list', resource: 'workloads.kueue.x-k8s.io', object: '', status: 500 };
    const request = () =>
      Promise.reject(new ApiError({ ...error, reason: 'InternalError', message: 'no webhook' }));
    const found = await explain(stuck, now, { request });
    expect(found.get(cluster.job('train').metadata.uid)?.message).to.match(
      /^Kueue could not be asked: .*no webhook/,
    );
  });

  it('begins when it is admitted, and is back in the queue when its place is taken', () => {
    const cluster = queued();
    change(cluster, false, '2026-11-22T02:05:00Z');
    cluster.step();
    expect(run(cluster)?.reason).to.equal('Training');
    cluster.now = new Date('2026-11-22T05:00:00Z');
    change(cluster, true, '2026-11-22T04:59:00Z');
    cluster.step();
    expect(run(cluster)).to.include({ reason: 'Queued', since: '2026-11-22T04:59:00Z' });
  });

  it('waits no longer than spec.training.schedulingTimeoutSeconds, counted anew after its place was taken', () => {
    const cluster = queued();
    change(cluster, true, '2026-11-22T04:00:00Z');
    cluster.now = new Date('2026-11-22T04:09:59Z');
    expect(cluster.step().requeueAfterMs).to.equal(1_000);
    cluster.now = new Date('2026-11-22T04:10:00Z');
    const plan = cluster.step();
    const [last] = cluster.modelRelease.status?.history ?? [];
    expect(last).to.include({ outcome: 'RunFailed', reason: 'Queued' });
    expect(last?.message).to.include('spec.training.schedulingTimeoutSeconds (600 s)');
    expect(plan.remove.map(({ kind }) => kind)).to.deep.equal(['Job']);
  });

  it('that was admitted does not pay for its time in the queue when a quota keeps its pod out', () => {
    const cluster = queued();
    change(cluster, false, '2026-11-22T05:00:00Z');
    const job = cluster.job('train');
    const status = { ...job.status, startTime: '2026-11-22T05:00:00Z' };
    cluster.jobs.set(job.metadata.name, { ...job, status } as Job);
    cluster.explanations.set(job.metadata.uid, {
      ...{ reason: 'FailedCreate', message: 'exceeded quota: gpus', since: '' },
    });
    cluster.now = new Date('2026-11-22T05:09:59Z');
    cluster.step();
    expect(run(cluster)).to.include({ reason: 'QuotaExceeded', since: '2026-11-22T05:00:00Z' });
    cluster.now = new Date('2026-11-22T05:10:00Z');
    cluster.step();
    expect(cluster.modelRelease.status?.history?.[0]?.reason).to.equal('QuotaExceeded');
  });

  it('that somebody suspended without a queue says so', () => {
    const cluster = new Cluster();
    cluster.step();
    const job = cluster.job('snapshot');
    cluster.jobs.set(job.metadata.name, { ...job, spec: { ...job.spec, suspend: true } } as Job);
    cluster.step();
    expect(run(cluster)?.reason).to.equal('JobSuspended');
    expect(run(cluster)?.message).to.include('set its spec.suspend to false');
  });
});
