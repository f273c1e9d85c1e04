import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../hack/cluster/control-plane.ts';
import { type Kueue, startKueue } from '../hack/cluster/kueue.ts';
import { waitFor } from '../hack/process/wait.ts';
import type { Job, Pod } from './api/kubernetes.ts';
import { releaseLabel, stepLabel } from './api/metadata.ts';
import { modelReleases } from './api/model-release.ts';
import { type Connection, kubeconfigConnection } from './kube/connection.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects, type Objects } from './kube/objects.ts';
import { jobs, pathOf, pods, type Resource } from './kube/resource.ts';
import { createTransport, type Transport } from './kube/transport.ts';
import type { Operator } from './operator.ts';
import { installCrd, operatorToken } from './played-cluster.ts';
import { goodMessages, type PlayedKubelet, playKubelet } from './played-kubelet.ts';
import { modelRelease, statusOf } from './played-life.ts';
import { startTestOperator } from './test-operator.ts';

const version = 'kueue.x-k8s.io/v1beta2';
const kueueKind = (kind: string, plural: string, clusterScoped?: true): Resource => ({
  apiVersion: version,
  kind,
  plural,
  ...(clusterScoped ? { clusterScoped } : {}),
});
const workloads = kueueKind('Workload', 'workloads');
const namespaces: Resource = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  clusterScoped: true,
};
const training = { gpu: { count: 1 }, queueName: 'gpus', backoffLimit: 0 };

describe('the operator beside a real Kueue', function () {
  this.timeout(1_800_000); // the first time it builds Kueue
  let plane: ControlPlane;
  let kueue: Kueue;
  let admin: Transport;
  let objects: Objects;
  let operator: Operator;
  let kubelet: PlayedKubelet;

  before(async () => {
    plane = await startControlPlane();
    const connection = await kubeconfigConnection([plane.kubeconfig]);
    admin = createTransport({ connection, userAgent: 'test' });
    objects = createObjects({ transport: admin, fieldManager: 'test' });
    await installCrd(admin);
    await operatorToken(admin);
    // Trainings go on until the test ends them.
    kubelet = playKubelet(admin, (context) =>
      context.step === 'train'
        ? undefined
        : goodMessages(context, { dataset: context.namespace, accuracy: 0.9 }),
    );
    operator = await startTestOperator(asOperator(connection));
  });

  after(async () => {
    await operator?.stop();
    await kubelet?.stop();
    await admin?.close();
    await kueue?.stop();
    await plane?.stop();
  });

  async function begin(namespace: string, queueName = 'gpus'): Promise<void> {
    const metadata = { name: namespace };
    await objects.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const spec = { training: { ...training, queueName } };
    await objects.create(modelReleases, modelRelease(namespace, spec));
  }

  /** Waits until the run is said to be so, and gives the message. */
  async function says(namespace: string, reason: string, words: RegExp | string): Promise<string> {
    const seen = await waitFor(
      async () => {
        const { run, history } = (await statusOf(admin, namespace)) ?? {};
        const found = `${run?.reason}: ${run?.message} ${JSON.stringify(history ?? [])}`;
        if (run?.reason === reason && run.message?.match(words)) return run.message;
        throw new Error(found);
      },
      { what: `${namespace} to be ${reason}: ${words}`, limitMs: 120_000, everyMs: 200 },
    );
    return seen;
  }

  const served = (namespace: string) =>
    waitFor(
      async () => {
        const status = await statusOf(admin, namespace);
        if (status?.history?.[0]?.outcome === 'Served') return true;
        throw new Error(JSON.stringify(status));
      },
      { what: `${namespace} to serve`, limitMs: 120_000, everyMs: 200 },
    );

  async function metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text();
  }

  async function trainJobs(namespace: string): Promise<Job[]> {
    const labelSelector = `${stepLabel}=train`;
    return (await listAll<Job>(admin, { resource: jobs, namespace, labelSelector })).items;
  }

  /** The pod of a training, once it works. */
  const working = (namespace: string) =>
    waitFor(
      async () => {
        const labelSelector = `${stepLabel}=train`;
        const { items } = await listAll<Pod>(admin, { resource: pods, namespace, labelSelector });
        return items.find(({ status }) => status?.phase === 'Running');
      },
      { what: `the training of ${namespace} to work`, limitMs: 240_000 },
    );

  /** Puts a pod on a node: one without is deleted at once, without a word of its own. */
  async function bind({ metadata: { namespace, name } }: Pod): Promise<void> {
    const apiVersion = 'v1';
    const node = { apiVersion, kind: 'Node', metadata: { name: 'gpu-1' } };
    await objects.apply({ apiVersion, kind: 'Node', plural: 'nodes', clusterScoped: true }, node);
    const path = pathOf(pods, { namespace, name, subresource: 'binding' });
    const target = { apiVersion, kind: 'Node', name: 'gpu-1' };
    const body = { apiVersion, kind: 'Binding', metadata: { name }, target };
    await admin.request({ method: 'POST', path, body });
  }

  /** The training ends so, as its kubelet would report. */
  async function end({ metadata, status }: Pod, exitCode: number): Promise<void> {
    const { namespace = '', name } = metadata;
    const release = metadata.labels?.[releaseLabel] ?? '';
    const context = { step: 'train', release, modelRelease: '', namespace, question: undefined };
    const { message } = goodMessages(context, { dataset: namespace, accuracy: 0.9 });
    const terminated = { exitCode, ...(exitCode === 0 ? { message } : {}) };
    const [container] = status?.containerStatuses ?? [];
    const body = {
      status: {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ ...container, ready: false, started: false, state: { terminated } }],
      },
    };
    const path = pathOf(pods, { namespace, name, subresource: 'status' });
    await admin.request({
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body,
    });
  }

  it('says that there is no Kueue, and goes on once there is', async () => {
    await begin('early');
    await says('early', 'Queued', /LocalQueue gpus: The cluster has no Kueue/);
    expect((await statusOf(admin, 'early'))?.phase).to.equal('Waiting');
    const waits =
      'shelfwise_operator_modelrelease_run_waiting{namespace="early",name="products"} 1';
    expect(await metrics()).to.include(waits);
    kueue = await startKueue(plane.kubeconfig);
    await installQueues(objects, ['early', 'later']);
    await says('early', 'Training', 'is being trained');
  });

  it('says in the words of Kueue what the second training waits for, and begins it when the first has ended', async () => {
    await begin('later');
    await says('later', 'Queued', /insufficient unused quota for nvidia.com\/gpu/);
    await end(await working('early'), 0);
    await says('later', 'Training', 'is being trained');
    await served('early');
    expect(await metrics()).to.include(
      'shelfwise_operator_runs_total{outcome="Served",reason="Served"} 1',
    );
    const [job, ...others] = await trainJobs('later');
    expect(others).to.deep.equal([]);
    // Kueue's flavor is on the template now; that is nothing to put right.
    expect(job?.spec?.template.spec?.nodeSelector).to.deep.equal({ pool: 'gpus' });
    expect(job?.spec?.template.spec?.activeDeadlineSeconds).to.equal(43_200);
  });

  it('is back in the queue when Kueue takes the place for something more urgent, at the cost of no attempt', async () => {
    const first = await working('later');
    await bind(first);
    const metadata = {
      name: 'urgent',
      namespace: 'early',
      labels: { 'kueue.x-k8s.io/queue-name': 'gpus', 'kueue.x-k8s.io/priority-class': 'urgent' },
    };
    const resources = { limits: { 'nvidia.com/gpu': 1 } };
    const pod = { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x', resources }] };
    const spec = { suspend: true, template: { spec: pod } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec } as KubernetesObject;
    const urgent = await objects.create(jobs, job);
    await says('later', 'Queued', /gave its place back at .* \(Preempted\)/);
    // The trainer does as it is told: SIGTERM, a checkpoint, exit code 20.
    await end(first, 20);
    await admin.request({
      method: 'DELETE',
      path: pathOf(pods, first.metadata),
      body: { gracePeriodSeconds: 0 },
    });
    await objects.remove(jobs, urgent);
    // The pod that was stopped may be seen still, or be gone.
    await says(
      'later',
      'Training',
      /is being trained|Tried again after: The step ended with exit code 20/,
    );
    await end(await working('later'), 0);
    await served('later');
    const [survivor] = await trainJobs('later');
    expect(survivor?.status?.failed ?? 0).to.equal(0);
  });

  it('names a queue that does not exist, and a Workload that was deactivated', async () => {
    await begin('lost', 'nowhere');
    await says('lost', 'Queued', /LocalQueue nowhere: LocalQueue nowhere doesn't exist/);
    const { items } = await listAll<KubernetesObject>(admin, {
      resource: workloads,
      namespace: 'lost',
    });
    await admin.request({
      method: 'PATCH',
      path: pathOf(workloads, { namespace: 'lost', name: items[0]?.metadata.name ?? '' }),
      contentType: 'application/merge-patch+json',
      body: { spec: { active: false } },
    });
    await says('lost', 'Queued', /was deactivated: The workload is deactivated/);
  });
});

/** With the rights that the chart gives. */
function asOperator(connection: Connection): Connection {
  return {
    ...connection,
    headers: async () => ({
      ...(await connection.headers()),
      'impersonate-user': 'system:serviceaccount:default:operator',
      'impersonate-group': 'system:authenticated',
    }),
  };
}

/** One GPU for all, and who is urgent may take it from others. */
async function installQueues(objects: Objects, owners: string[]): Promise<void> {
  const resource = (name: string, nominalQuota: string) => ({ name, nominalQuota });
  const resources = [
    resource('cpu', '100'),
    resource('memory', '100Gi'),
    resource('ephemeral-storage', '100Gi'),
    resource('nvidia.com/gpu', '1'),
  ];
  const coveredResources = resources.map(({ name }) => name);
  const put = (kind: Resource, metadata: KubernetesObject['metadata'], rest: object) =>
    objects.apply(kind, { apiVersion: version, kind: kind.kind, metadata, ...rest });
  await put(
    kueueKind('ResourceFlavor', 'resourceflavors', true),
    { name: 'gpus' },
    {
      spec: { nodeLabels: { pool: 'gpus' } },
    },
  );
  await put(
    kueueKind('ClusterQueue', 'clusterqueues', true),
    { name: 'gpus' },
    {
      spec: {
        namespaceSelector: {},
        preemption: { withinClusterQueue: 'LowerPriority' },
        resourceGroups: [{ coveredResources, flavors: [{ name: 'gpus', resources }] }],
      },
    },
  );
  await put(
    kueueKind('WorkloadPriorityClass', 'workloadpriorityclasses', true),
    { name: 'urgent' },
    {
      value: 1000,
    },
  );
  for (const namespace of owners) {
    const metadata = { name: namespace };
    await objects.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    await put(
      kueueKind('LocalQueue', 'localqueues'),
      { namespace, name: 'gpus' },
      {
        spec: { clusterQueue: 'gpus' },
      },
    );
  }
}
