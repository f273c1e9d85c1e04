import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../hack/cluster/control-plane.ts';
import { waitFor } from '../hack/process/wait.ts';
import type { Job, Pod } from './api/kubernetes.ts';
import { stepLabel } from './api/metadata.ts';
import { modelReleases } from './api/model-release.ts';
import { kubeconfigConnection } from './kube/connection.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects, type Objects } from './kube/objects.ts';
import { jobs, pathOf, pods, type Resource } from './kube/resource.ts';
import { createTransport, type Transport } from './kube/transport.ts';
import type { Operator } from './operator.ts';
import { installCrd } from './played-cluster.ts';
import { goodMessages, type PlayedKubelet, playKubelet } from './played-kubelet.ts';
import { modelRelease, statusOf } from './played-life.ts';
import { startTestOperator } from './test-operator.ts';

const wide = (apiVersion: string, kind: string, plural: string): Resource => ({
  ...{ apiVersion, kind, plural },
  clusterScoped: true,
});
const namespaces = wide('v1', 'Namespace', 'namespaces');
const nodes = wide('v1', 'Node', 'nodes');

/**
 * The real node controller, taint manager, pod garbage collector and Job controller, at a faster pace, and a node that falls silent:
 * as after a power cut. What comes of its pod is theirs. As many nodes live on: where most are silent, nobody is put out.
 */
describe('a node that is lost for good', function () {
  this.timeout(1_800_000);
  let plane: ControlPlane;
  let admin: Transport;
  let objects: Objects;
  let operator: Operator;
  let kubelet: PlayedKubelet;
  const lost = new Set<string>();
  const alive = new Set(['gpu-1', 'gpu-2', 'cpu-1', 'cpu-2']);
  let heart: NodeJS.Timeout;

  async function beat(): Promise<void> {
    const now = new Date().toISOString();
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'played' };
    const times = { lastHeartbeatTime: now, lastTransitionTime: now };
    for (const name of alive) {
      const path = pathOf(nodes, { name, subresource: 'status' });
      const contentType = 'application/merge-patch+json';
      const body = { status: { conditions: [{ ...ready, ...times }] } };
      await admin.request({ method: 'PATCH', path, contentType, body });
    }
  }

  before(async () => {
    plane = await startControlPlane({
      arguments: {
        'kube-apiserver': ['--default-unreachable-toleration-seconds=5'],
        'kube-controller-manager': [
          '--node-monitor-period=1s',
          '--node-startup-grace-period=10s',
          '--node-monitor-grace-period=10s',
        ],
      },
    });
    const connection = await kubeconfigConnection([plane.kubeconfig]);
    admin = createTransport({ connection, userAgent: 'test' });
    objects = createObjects({ transport: admin, fieldManager: 'test' });
    await installCrd(admin);
    // The first training of each is the one that is lost.
    kubelet = playKubelet(admin, (context) => {
      const isFirst = context.step === 'train' && !lost.has(context.namespace);
      if (!isFirst) return goodMessages(context, { dataset: 'first', accuracy: 0.9 });
      lost.add(context.namespace);
      return undefined;
    });
    for (const name of alive)
      await objects.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    await beat();
    // One that comes too late is none: the node controller says what is so.
    heart = setInterval(() => void beat().catch(() => undefined), 1_000);
    operator = await startTestOperator(connection);
  });

  after(async () => {
    clearInterval(heart);
    await operator?.stop();
    await kubelet?.stop();
    await admin?.close();
    await plane?.stop();
  });

  async function trainings<T extends KubernetesObject>(
    namespace: string,
    resource: Resource,
  ): Promise<T[]> {
    const labelSelector = `${stepLabel}=train`;
    return (await listAll<T>(admin, { resource, namespace, labelSelector })).items as T[];
  }

  const says = (namespace: string, reason: string, words: string) =>
    waitFor(
      async () => {
        const status = await statusOf(admin, namespace);
        const { run } = status ?? {};
        if (run?.reason === reason && run.message?.includes(words)) return status;
        throw new Error(JSON.stringify(status));
      },
      { what: `${namespace} to be ${reason}: ${words}`, limitMs: 600_000, everyMs: 200 },
    );

  const ended = (namespace: string) =>
    waitFor(
      async () => {
        const status = await statusOf(admin, namespace);
        const [last] = status?.history ?? [];
        if (last) return last;
        throw new Error(JSON.stringify(status));
      },
      { what: `the run in ${namespace} to end`, limitMs: 600_000, everyMs: 500 },
    );

  /** A ModelRelease whose training works on a node; its pod. */
  async function train(namespace: string, node: string, limits: object): Promise<Pod> {
    const metadata = { name: namespace };
    await objects.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    const training = { gpu: { count: 0 }, backoffLimit: 0, ...limits };
    await objects.create(modelReleases, modelRelease(namespace, { training }));
    const works = async () =>
      (await trainings<Pod>(namespace, pods)).find(({ status }) => status?.phase === 'Running');
    const what = `the training in ${namespace} to work`;
    const pod = await waitFor(works, { what, limitMs: 120_000 });
    const { name } = pod.metadata;
    const target = { apiVersion: 'v1', kind: 'Node', name: node };
    await admin.request({
      method: 'POST',
      path: pathOf(pods, { namespace, name, subresource: 'binding' }),
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target },
    });
    return pod;
  }

  it('is waited for with its name and the way out', async () => {
    const pod = await train('dark', 'gpu-1', {});
    await train('doomed', 'gpu-2', { activeDeadlineSeconds: 60 });
    alive.delete('gpu-1');
    alive.delete('gpu-2');
    await says('dark', 'NodeLost', 'Node gpu-1 does not answer');
    const gone = `pod ${pod.metadata.name} was to be gone by then and is not`;
    const status = await says('dark', 'NodeLost', gone);
    expect(status.phase).to.equal('Waiting');
    const [job] = await trainings<Job>('dark', jobs);
    expect(job?.status?.terminating).to.equal(1);
    expect(await trainings<Pod>('dark', pods)).to.have.length(1);
  });

  it('lets the step begin anew once its Node object is deleted, and the run ends well', async () => {
    const path = pathOf(nodes, { name: 'gpu-1' });
    await admin.request({ method: 'DELETE', path });
    const { outcome, message } = await ended('dark');
    expect(outcome, message).to.equal('Served');
    const all = await trainings<Job>('dark', jobs);
    expect(all.map(({ status }) => status?.failed ?? 0)).to.deep.equal([0]);
  });

  it('ends the run, and its Job goes, when nobody did anything until the time limit of its pod was over', async () => {
    const { outcome, reason, message } = await ended('doomed');
    expect({ outcome, reason }).to.deep.equal({ outcome: 'RunFailed', reason: 'NodeLost' });
    expect(message).to.include('Node gpu-2 does not answer');
    await waitFor(async () => (await trainings('doomed', jobs)).length === 0 || undefined, {
      ...{ what: 'the Job of the lost training to go', limitMs: 300_000 },
    });
  });
});
