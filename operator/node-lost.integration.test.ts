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
import { startTestOperator } from './played-faults.ts';
import { goodMessages, type PlayedKubelet, playKubelet } from './played-kubelet.ts';
import { modelRelease, statusOf } from './played-life.ts';

const wide = (apiVersion: string, kind: string, plural: string): Resource => ({
  ...{ apiVersion, kind, plural },
  clusterScoped: true,
});
const namespaces = wide('v1', 'Namespace', 'namespaces');
const nodes = wide('v1', 'Node', 'nodes');

/**
 * The real node controller, taint manager, pod garbage collector and Job controller, at a faster pace, and a node that falls silent:
 * as after a power cut. What comes of its pod is theirs. Another node lives on, for where all are silent nobody is put out.
 */
describe('a node that is lost for good', function () {
  this.timeout(600_000);
  const namespace = 'dark';
  let plane: ControlPlane;
  let admin: Transport;
  let objects: Objects;
  let operator: Operator;
  let kubelet: PlayedKubelet;
  let begun = 0;
  const alive = new Set(['gpu-1', 'gpu-2']);
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
    // The first training is the one that is lost.
    kubelet = playKubelet(admin, (context) =>
      context.step === 'train' && begun++ === 0
        ? undefined
        : goodMessages(context, { dataset: 'first', accuracy: 0.9 }),
    );
    operator = await startTestOperator(connection);
  });

  after(async () => {
    clearInterval(heart);
    await operator?.stop();
    await kubelet?.stop();
    await admin?.close();
    await plane?.stop();
  });

  async function trainings<T extends KubernetesObject>(resource: Resource): Promise<T[]> {
    const labelSelector = `${stepLabel}=train`;
    return (await listAll<T>(admin, { resource, namespace, labelSelector })).items as T[];
  }

  const says = (reason: string, words: string) =>
    waitFor(
      async () => {
        const status = await statusOf(admin, namespace);
        const { run } = status ?? {};
        if (run?.reason === reason && run.message?.includes(words)) return status;
        throw new Error(JSON.stringify(status));
      },
      { what: `the run to be ${reason}: ${words}`, limitMs: 180_000, everyMs: 200 },
    );

  it('is waited for with its name and the way out; once its Node object is deleted the step begins anew, and the run ends well', async () => {
    const node = (name: string) =>
      objects.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    const lost = await node('gpu-1');
    await node('gpu-2');
    await beat();
    // One that comes too late is none: the node controller says of gpu-2 what is so.
    heart = setInterval(() => void beat().catch(() => undefined), 1_000);
    await objects.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    await objects.create(
      modelReleases,
      modelRelease(namespace, { training: { gpu: { count: 0 }, backoffLimit: 0 } }),
    );
    const pod = await waitFor(
      async () => (await trainings<Pod>(pods)).find(({ status }) => status?.phase === 'Running'),
      { what: 'the training to work', limitMs: 120_000 },
    );
    const target = { apiVersion: 'v1', kind: 'Node', name: 'gpu-1' };
    await admin.request({
      method: 'POST',
      path: pathOf(pods, { ...pod.metadata, subresource: 'binding' }),
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target },
    });

    alive.delete('gpu-1');

    await says('NodeLost', 'may still work there, unseen');
    const status = await says(
      'NodeLost',
      `pod ${pod.metadata.name} was to be gone by then and is not`,
    );
    expect(status.phase).to.equal('Waiting');
    const [job] = await trainings<Job>(jobs);
    expect(job?.status?.terminating).to.equal(1);
    expect(await trainings<Pod>(pods)).to.have.length(1);

    await objects.remove(nodes, lost);
    const { history } = await waitFor(
      async () => {
        const now = await statusOf(admin, namespace);
        if (now?.history?.length) return now;
        throw new Error(JSON.stringify(now));
      },
      { what: 'the run to end', limitMs: 300_000, everyMs: 500 },
    );
    expect(history?.[0]?.outcome, JSON.stringify(history)).to.equal('Served');
    const all = await trainings<Job>(jobs);
    expect(all.map((each) => each.status?.failed ?? 0)).to.deep.equal([0]);
  });
});
