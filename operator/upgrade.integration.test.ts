import { readFile } from 'node:fs/promises';
import { canonicalJson, sha256Of } from '@shelfwise/trainer-contract/digest';
import { expect } from 'chai';
import { waitFor } from '../hack/process/wait.ts';
import type { Deployment, Pod } from './api/kubernetes.ts';
import { appliedAnnotation, releaseLabel } from './api/metadata.ts';
import { type ModelReleaseStatus, modelReleases } from './api/model-release.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects, type Objects } from './kube/objects.ts';
import {
  controllerRevisions,
  deployments,
  jobs,
  pods,
  type Resource,
  services,
} from './kube/resource.ts';
import type { Exchange } from './kube/transport.ts';
import type { Operator } from './operator.ts';
import { type PlayedCluster, startPlayedCluster } from './played-cluster.ts';
import { statusOf, touch } from './played-life.ts';
import { startTestOperator } from './test-operator.ts';

type Left = KubernetesObject & { status?: ModelReleaseStatus };

const namespace = 'shop';
const first = 'products-20261123-120551';
const second = 'products-20261123-120555';
const resources: Record<string, Resource> = {
  ModelRelease: modelReleases,
  ControllerRevision: controllerRevisions,
  Job: jobs,
  Deployment: deployments,
  Service: services,
};

/** What fixtures/v1-cluster.json holds was written by version 0.1.0: a release that serves, and a run that trains the next. */
describe('an upgrade of the operator, from the objects that version 0.1.0 left', () => {
  let cluster: PlayedCluster;
  let objects: Objects;
  let left: Left[];

  before(async () => {
    cluster = await startPlayedCluster([
      { finds: { dataset: 'd1', accuracy: 0.9 }, outcome: 'Served' },
    ]);
    objects = createObjects({ transport: cluster.transport, fieldManager: 'shelfwise' });
    await objects.apply(
      { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', clusterScoped: true },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    );
    const text = await readFile(new URL('fixtures/v1-cluster.json', import.meta.url), 'utf8');
    const [modelRelease] = JSON.parse(text) as [Left];
    const { status, metadata, ...rest } = modelRelease;
    const { uid, ...known } = metadata;
    const created = await objects.create(modelReleases, { ...rest, metadata: known });
    left = JSON.parse(text).map((object: Left) =>
      ownedAnew(object, uid ?? '', created.metadata.uid),
    );
    await objects.updateStatus(modelReleases, created, status);
    await put(ofRelease(second, false));
    await waitFor(
      async () => ((await serving()).status?.availableReplicas === 2 ? true : undefined),
      {
        what: 'the pods of the release that serves',
        limitMs: 120_000,
      },
    );
  });
  after(() => cluster?.stop());

  /** What belongs to the run of this release, or all else. */
  function ofRelease(release: string, belongs: boolean): Left[] {
    const mine = ({ kind, metadata }: Left) =>
      kind !== 'ModelRelease' && (metadata.labels?.[releaseLabel] === release) === belongs;
    return left.filter(mine);
  }

  async function put(all: Left[]): Promise<void> {
    for (const object of all) {
      const resource = resources[object.kind] as Resource;
      // Jobs and records were created; Deployment and Services were applied.
      if (object.kind === 'Job' || object.kind === 'ControllerRevision')
        await objects.create(resource, object);
      else await objects.apply(resource, object);
    }
  }

  async function serving(): Promise<Deployment> {
    const name = { namespace, name: 'products-stable' };
    const live = await objects.get<Deployment>(deployments, name);
    if (!live) throw new Error('The Deployment is gone.');
    return live;
  }

  async function uidsOfPods(): Promise<string[]> {
    const { items } = await listAll<Pod>(cluster.transport, {
      resource: pods,
      namespace,
      labelSelector: 'app.kubernetes.io/component=inference',
    });
    return items.map(({ metadata }) => metadata.uid).sort();
  }

  async function withOperator(work: (operator: Operator) => Promise<void>): Promise<Exchange[]> {
    const exchanges: Exchange[] = [];
    const operator = await startTestOperator(cluster.connection, {
      namespaces: [namespace],
      observe: (exchange) => exchanges.push(exchange),
    });
    try {
      await work(operator);
    } finally {
      await operator.stop();
    }
    return exchanges.filter(({ verb }) => !['list', 'watch', 'get'].includes(verb));
  }

  it('writes nothing to what serves: the same Deployment, the same Services, the same pods', async () => {
    const before = await serving();
    const running = await uidsOfPods();
    expect(running).to.have.length(2);
    const writes = await withOperator(async (operator) => {
      await reconciled(operator, 1);
      await touch(cluster.transport, namespace);
      await reconciled(operator, 2);
    });
    const touched = new Set(writes.map(({ resource }) => resource));
    // The run that the status tells of is not there yet.
    expect([...touched]).to.deep.equal(['modelreleases.shelfwise.dev/status']);
    expect((await serving()).metadata.generation).to.equal(before.metadata.generation);
    expect(await uidsOfPods()).to.deep.equal(running);
    expect((await statusOf(cluster.transport, namespace))?.serving?.release).to.equal(first);
  });

  it('finishes the run that was training, with the Job that trains, and rolls its release out', async () => {
    await put(ofRelease(second, true));
    const writes = await withOperator(async () => {
      await waitFor(
        async () =>
          (await statusOf(cluster.transport, namespace))?.serving?.release === second || undefined,
        { what: `${second} to serve`, limitMs: 240_000, everyMs: 200 },
      );
    });
    const created = writes.filter(({ verb }) => verb === 'create');
    expect(created.filter(({ resource }) => resource === 'jobs.batch')).to.have.length(1);
    expect(cluster.kubelet.started.map((pod) => pod.replace(/-[a-z0-9]{5}$/, ''))).to.deep.equal([
      `${namespace}/${second}-train`,
      `${namespace}/${second}-evaluate`,
    ]);
  });
});

/**
 * The object with the UID that its owner has in this cluster. The digest of what was applied covers it: it has to be the one that
 * this operator, too, would have written for the old UID, and is then written for the new one.
 */
function ownedAnew(object: Left, before: string, now: string): Left {
  const moved = JSON.parse(JSON.stringify(object).replaceAll(before, now)) as Left;
  if (digestOf(object) === undefined) return moved;
  expect(object.metadata.annotations?.[appliedAnnotation]).to.equal(digestOf(object));
  const annotations = { ...moved.metadata.annotations, [appliedAnnotation]: digestOf(moved) ?? '' };
  return { ...moved, metadata: { ...moved.metadata, annotations } };
}

function digestOf({ metadata, ...rest }: Left): string | undefined {
  const { [appliedAnnotation]: applied, ...annotations } = metadata.annotations ?? {};
  if (applied === undefined) return undefined;
  const { annotations: _, ...others } = metadata;
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {};
  return sha256Of(canonicalJson({ ...rest, metadata: { ...others, ...kept } }));
}

/** Waits for so many reconciles, and until no other waits for its turn. */
async function reconciled(operator: Operator, times: number): Promise<void> {
  await waitFor(
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text();
      const value = (series: string) =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(series))
            ?.split(' ')[1] ?? 0,
        );
      const done = value('shelfwise_operator_reconcile_seconds_count{outcome="done"}');
      return (done >= times && value('shelfwise_operator_queue_depth') === 0) || undefined;
    },
    { what: `${times} reconciles`, limitMs: 300_000 },
  );
}
