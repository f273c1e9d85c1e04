import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../../hack/cluster/control-plane.ts';
import { waitFor } from '../../hack/process/wait.ts';
import type { Pod, ServiceObject } from '../api/kubernetes.ts';
import { fieldManager } from '../api/metadata.ts';
import type { ModelReleaseSpec } from '../api/model-release.ts';
import { kubeconfigConnection } from '../kube/connection.ts';
import type { KubernetesObject, Stored } from '../kube/object.ts';
import { createObjects, type Objects } from '../kube/objects.ts';
import { deployments, jobs, pathOf, type Resource, services } from '../kube/resource.ts';
import { createTransport, type Transport } from '../kube/transport.ts';
import { decide } from './decide.ts';
import { covers } from './drift.ts';
import { execute } from './execute.ts';
import { explain } from './explanations.ts';
import { Cluster } from './fixtures/cluster.ts';
import { everything } from './fixtures/everything.ts';
import { digest, evaluateMessage, snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';
import type { Plan } from './observation.ts';

const serviceAccounts: Resource = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
};
const namespaces: Resource = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  clusterScoped: true,
};

describe('plans and explanations on a real API server', function () {
  this.timeout(1_800_000);
  let plane: ControlPlane;
  let transport: Transport;
  let objects: Objects;
  const events: string[] = [];
  const written: string[] = [];

  before(async () => {
    plane = await startControlPlane();
    transport = createTransport({
      connection: await kubeconfigConnection([plane.kubeconfig]),
      userAgent: 'test',
    });
    objects = createObjects({ transport, fieldManager });
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await objects.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels },
    });
    const account = { namespace: 'shop', name: 'default' };
    await waitFor(() => objects.get(serviceAccounts, account), {
      what: 'ServiceAccount default of the new namespace',
      limitMs: 300_000,
    });
  });
  after(async () => {
    await transport?.close();
    await plane?.stop();
  });

  /** A cluster in memory at the moment when a release has passed, whose plans we carry out for real. */
  function passed(given: ModelReleaseSpec): { cluster: Cluster; plans: Plan[] } {
    const cluster = new Cluster(modelRelease({ spec: given }));
    const plans = [cluster.step()];
    cluster.succeed('snapshot', snapshotMessage());
    plans.push(cluster.step());
    cluster.succeed('train', undefined);
    plans.push(cluster.step());
    cluster.succeed('evaluate', evaluateMessage(cluster.question(), { tar: digest('a') }));
    plans.push(cluster.step());
    return { cluster, plans };
  }

  const means = () => ({
    objects,
    recorder: {
      record: ({ reason }: { reason: string }) => void events.push(reason),
      flush: async () => undefined,
    },
    written: ({ kind, metadata }: Stored<KubernetesObject>) =>
      void written.push(`${kind}/${metadata.name}`),
    removed: () => undefined,
  });

  for (const [name, given] of [
    ['the defaults', spec],
    ['every field', everything],
  ] as const) {
    it(`builds Jobs that the API server knows every field of, and pods that the restricted standard admits: ${name}`, async () => {
      const { plans } = passed(given);
      const built = plans.flatMap(({ create }) => create);
      expect(built.map(({ metadata }) => metadata.labels?.['shelfwise.dev/step'])).to.deep.equal([
        'snapshot',
        'train',
        'evaluate',
      ]);
      const query = { dryRun: 'All', fieldValidation: 'Strict' };
      for (const job of built) {
        const path = pathOf(jobs, { namespace: 'shop' });
        await transport.request({ method: 'POST', path, query, body: job });
      }
      const templates = [
        ...built.map(({ spec }) => spec?.template),
        ...plans
          .flatMap(({ apply }) => apply)
          .flatMap((object) =>
            object.kind === 'Deployment'
              ? [(object as { spec?: { template: object } }).spec?.template]
              : [],
          ),
      ];
      expect(templates).to.have.length(4);
      for (const template of templates) {
        const { metadata, spec } = template as {
          metadata: object;
          spec: { priorityClassName?: string; runtimeClassName?: string };
        };
        // Classes of the cluster that are not there would be refused first.
        const { priorityClassName: _, runtimeClassName: __, ...pod } = spec;
        const body = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...metadata, name: 'a-pod', namespace: 'shop' },
          spec: pod,
        };
        await transport.request({
          method: 'POST',
          path: '/api/v1/namespaces/shop/pods',
          query,
          body,
        });
      }
    });

    it(`sees no drift in what the API server made of what was applied: ${name}`, async () => {
      const { plans } = passed(given);
      for (const object of plans.flatMap(({ apply }) => apply)) {
        const resource = object.kind === 'Deployment' ? deployments : services;
        const live = await objects.apply<KubernetesObject>(resource, object);
        expect(
          covers(live, object),
          `${object.kind} ${object.metadata.name}: ${JSON.stringify(live)}`,
        ).to.equal(true);
      }
    });
  }

  it('creates a run once: a second time it finds that its cache is behind', async () => {
    const { cluster } = passed(spec);
    const seen = new Cluster(cluster.modelRelease).look();
    const plan = decide(seen);
    await execute({ ...plan, apply: [] }, seen, means());
    expect(written).to.include.members([
      'ControllerRevision/pictograms-20261122-020000',
      'Job/pictograms-20261122-020000-snapshot',
    ]);
    expect(events).to.deep.equal(['RunStarted']);
    const again = await execute({ ...plan, apply: [] }, seen, means()).catch((error) => error);
    expect(again).to.include({ outcome: 'Transient', reason: 'CacheBehind' });
    // A Job whose record is known is as good as created: its answer may have been lost.
    await execute({ ...plan, begin: [], apply: [] }, seen, means());
  });

  it('takes no Job, record, Deployment or Service of somebody else', async () => {
    const { cluster, plans } = passed(spec);
    const { metadata } = cluster.modelRelease;
    const stranger = new Cluster({
      ...cluster.modelRelease,
      metadata: { ...metadata, uid: 'somebody-else' },
    });
    const seen = stranger.look();
    const plan = decide(seen);
    const deployment = (plans.at(-1)?.apply ?? []).map((object) => ({
      ...object,
      metadata: { ...object.metadata, ownerReferences: [] },
    }));
    const attempts: Partial<Plan>[] = [
      { begin: plan.begin },
      { create: plan.create },
      { apply: plan.apply.slice(0, 1) },
      { apply: deployment },
    ];
    const nothing: Plan = {
      begin: [],
      note: [],
      create: [],
      apply: [],
      remove: [],
      status: undefined,
      events: [],
      requeueAfterMs: undefined,
    };
    for (const attempt of attempts) {
      const refused = await execute({ ...nothing, ...attempt }, seen, means()).catch(
        (error) => error,
      );
      expect(refused).to.include({ outcome: 'Waiting', reason: 'NameTaken' });
      expect(refused.message).to.include(
        'exists and belongs to somebody else: delete it or rename it.',
      );
    }
    const live = await objects.get<ServiceObject>(services, {
      namespace: 'shop',
      name: 'pictograms',
    });
    expect(live?.metadata.ownerReferences?.[0]?.uid).to.equal(metadata.uid);
  });

  it('leaves a namesake alone that has taken the place of what it knew', async () => {
    const { cluster } = passed(spec);
    const name = { namespace: 'shop', name: 'pictograms' };
    const known = await objects.get<ServiceObject>(services, name);
    if (!known) throw new Error('There is no Service.');
    await objects.remove(services, known);
    await objects.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: name,
      spec: { ports: [{ port: 1 }] },
    } as ServiceObject);
    const seen = { ...cluster.look(), services: [known as never] };
    const plan = {
      ...decide(new Cluster(cluster.modelRelease).look()),
      begin: [],
      create: [],
      events: [],
    };
    const refused = await execute(plan, seen, means()).catch((error) => error);
    expect(refused).to.include({ outcome: 'Waiting', reason: 'NameTaken' });
    const live = await objects.get<ServiceObject>(services, name);
    expect(live?.spec?.ports?.[0]?.port).to.equal(1);
  });

  it('finds the newest warning about what is stuck, and waits a moment before it asks', async () => {
    const uid = '2b7f0f4e-5d0a-4a4b-9d0e-1f6f0a3d7c11';
    const about = (name: string, message: string, type: string, at: string, of = uid) =>
      transport.request({
        method: 'POST',
        path: '/api/v1/namespaces/shop/events',
        body: {
          metadata: { name },
          involvedObject: { kind: 'Pod', namespace: 'shop', name: 'stuck', uid: of },
          reason: 'FailedMount',
          message,
          type,
          lastTimestamp: at,
        },
      });
    await about('older', 'secret "old" not found', 'Warning', '2026-11-22T02:00:10Z');
    await about('newest', 'secret "s3" not found', 'Warning', '2026-11-22T02:00:20Z');
    await about('calm', 'Pulled', 'Normal', '2026-11-22T02:00:30Z');
    await about('other', 'of another pod', 'Warning', '2026-11-22T02:00:40Z', 'another');
    const creationTimestamp = '2026-11-22T02:00:00Z';
    const stuckPod = { metadata: { namespace: 'shop', uid, creationTimestamp } } as Pod;
    const stuck = [{ about: stuckPod, after: '' }];
    const after = async (time: string) =>
      (await explain(stuck, new Date(time), transport)).get(uid);
    expect((await after('2026-11-22T02:01:00Z'))?.message).to.equal('secret "s3" not found');
    expect(await after('2026-11-22T02:00:09Z')).to.equal(undefined);
    // About a Job it would have been repeated by then.
    const lasting = [{ about: stuckPod, after: '', lastsMs: 600_000 }];
    const seen = async (time: string) =>
      (await explain(lasting, new Date(time), transport)).get(uid)?.message;
    expect(await seen('2026-11-22T02:10:20Z')).to.equal('secret "s3" not found');
    expect(await seen('2026-11-22T02:10:21Z')).to.equal(undefined);
  });
});
