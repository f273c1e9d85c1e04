/** What people and other programs do to our objects, on a real API server: each comes to an end that a condition or an event tells. */
import { expect } from 'chai';
import { waitFor } from '../hack/process/wait.ts';
import type { Deployment, Job, Service } from './api/kubernetes.ts';
import { managedByLabel, releaseLabel, runNowAnnotation } from './api/metadata.ts';
import { type ModelReleaseStatus, modelReleases } from './api/model-release.ts';
import { releaseName, timestamp } from './api/names.ts';
import { ApiError } from './kube/api-error.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject, Stored } from './kube/object.ts';
import { createObjects, type Objects } from './kube/objects.ts';
import {
  controllerRevisions,
  deployments,
  events,
  jobs,
  pathOf,
  type Resource,
  services,
} from './kube/resource.ts';
import type { Operator } from './operator.ts';
import { type PlayedCluster, startPlayedCluster } from './played-cluster.ts';
import { goodMessages } from './played-kubelet.ts';
import { createNamespace, live, modelRelease, statusOf } from './played-life.ts';
import { startTestOperator } from './test-operator.ts';

const limitMs = 120_000;

describe('bad input, on a real API server', () => {
  let cluster: PlayedCluster;
  let operator: Operator;
  let objects: Objects;
  /** `namespace/step`: its pods go on running. */
  const endless = new Set<string>();

  before(async () => {
    cluster = await startPlayedCluster((context) =>
      endless.has(`${context.namespace}/${context.step}`)
        ? undefined
        : goodMessages(context, { dataset: context.release, accuracy: 0.9 }),
    );
    objects = createObjects({ transport: cluster.transport, fieldManager: 'person' });
    operator = await startTestOperator(cluster.connection);
    await operator.ready;
  });
  after(async () => {
    await operator?.stop();
    await cluster?.stop();
  });

  async function until(
    namespace: string,
    what: string,
    isSo: (status: NonNullable<ModelReleaseStatus>) => unknown,
  ): Promise<ModelReleaseStatus> {
    let status: ModelReleaseStatus | undefined;
    await waitFor(
      async () => {
        status = await statusOf(cluster.transport, namespace);
        return (status && isSo(status) && true) || undefined;
      },
      { what, limitMs, everyMs: 100 },
    ).catch((error) => expect.fail(`${error.message} Status: ${JSON.stringify(status)}`));
    return status as ModelReleaseStatus;
  }

  const served = (namespace: string) =>
    until(namespace, 'a release that serves', ({ phase }) => phase === 'Serving');

  /** A ModelRelease in a namespace of its own, whose run has come to the step that does not end. */
  async function held(namespace: string, step: string, spec: object = {}): Promise<string> {
    endless.add(`${namespace}/${step}`);
    await createNamespace(cluster.transport, namespace);
    await objects.create(modelReleases, modelRelease(namespace, spec));
    const { run } = await until(namespace, step, (status) => status.run?.step === step);
    return run?.release ?? '';
  }

  /** The notes of a namespace's Events, once one of this reason is among them. */
  async function notes(namespace: string, reason: string, most = 1): Promise<string[]> {
    type Event = KubernetesObject & { reason?: string; note?: string };
    let found: Event[] = [];
    await waitFor(
      async () => {
        const list = await listAll<Event>(cluster.transport, { resource: events, namespace });
        found = list.items;
        return found.filter((event) => event.reason === reason).length >= most || undefined;
      },
      { what: `an Event ${reason} in ${namespace}`, limitMs, everyMs: 100 },
    ).catch((error) =>
      expect.fail(`${error.message} ${JSON.stringify(found.map((each) => each.note))}`),
    );
    return found.filter((event) => event.reason === reason).map(({ note = '' }) => note);
  }

  const patch = (resource: Resource, namespace: string, name: string, body: object, sub?: string) =>
    cluster.transport.request({
      method: 'PATCH',
      path: pathOf(resource, { namespace, name, ...(sub ? { subresource: sub } : {}) }),
      contentType: 'application/merge-patch+json',
      body,
    });

  const remove = (resource: Resource, namespace: string, name: string) =>
    cluster.transport.request({
      method: 'DELETE',
      path: pathOf(resource, { namespace, name }),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
    });

  const condition = (status: ModelReleaseStatus, type: string) =>
    status.conditions?.find((each) => each.type === type);

  const jobNames = async (namespace: string) =>
    (await listAll<Job>(cluster.transport, { resource: jobs, namespace })).items
      .map(({ metadata }) => metadata.name)
      .sort();

  for (const step of ['snapshot', 'train', 'evaluate']) {
    it(`a ${step} Job that was deleted is started again, and the run comes to its end`, async () => {
      const namespace = `deleted-${step}`;
      const release = await held(namespace, step);
      endless.clear();
      await remove(jobs, namespace, `${release}-${step}`);
      const [note] = await notes(namespace, 'JobDeleted');
      expect(note).to.include(`Job ${release}-${step} was deleted`).and.include('attempt 2 of 3');
      await served(namespace);
      expect(await jobNames(namespace)).to.include(`${release}-${step}-2`);
    });
  }

  it('a Job whose labels were taken away is removed, and started again', async () => {
    const namespace = 'unlabelled-job';
    const release = await held(namespace, 'train');
    endless.clear();
    const labels = { [managedByLabel]: null };
    await patch(jobs, namespace, `${release}-train`, { metadata: { labels } });
    await served(namespace);
    const names = await jobNames(namespace);
    expect(names).to.include(`${release}-train-2`).and.not.include(`${release}-train`);
  });

  it('a record that was deleted or lost its labels: one run, one Job for each step', async () => {
    const namespace = 'lost-record';
    const release = await held(namespace, 'train');
    await remove(controllerRevisions, namespace, release);
    await waitFor(
      () => objects.get(controllerRevisions, { namespace, name: release }).then((is) => is && true),
      { what: 'the record to be written again', limitMs },
    );
    const labels = { [managedByLabel]: null };
    await patch(controllerRevisions, namespace, release, { metadata: { labels } });
    endless.clear();
    // The pod that runs is told to end by taking its Job away: the run goes on under the record without labels.
    await remove(jobs, namespace, `${release}-train`);
    await served(namespace);
    expect((await jobNames(namespace)).filter((name) => !name.startsWith(release))).to.deep.equal(
      [],
    );
  });

  it('what was changed or deleted of Deployment and Services is set back, said in Events', async () => {
    const namespace = 'drift';
    await live(cluster.transport, namespace, ['Served']);
    const name = 'products-stable';
    const specOf = async <T extends KubernetesObject & { spec?: unknown }>(
      resource: Resource,
      which = name,
    ) => (await objects.get<T>(resource, { namespace, name: which }))?.spec;
    const right = await specOf<Deployment>(deployments);
    const isRight = () =>
      waitFor(
        async () => {
          const spec = await specOf<Deployment>(deployments);
          return JSON.stringify(spec) === JSON.stringify(right) || undefined;
        },
        { what: 'the Deployment to be as it was', limitMs },
      );
    const container = { name: 'inference', image: 'somebody/else:1' };
    await cluster.transport.request({
      method: 'PATCH',
      path: pathOf(deployments, { namespace, name }),
      contentType: 'application/strategic-merge-patch+json',
      body: { spec: { replicas: 3, template: { spec: { containers: [container] } } } },
    });
    const [note] = await notes(namespace, 'DriftCorrected');
    expect(note).to.include(`Deployment ${name} was changed by somebody else`);
    expect(note).to.include('spec.replicas, spec.template.spec.containers[');
    await isRight();
    await patch(deployments, namespace, name, { spec: { paused: true } });
    await isRight();
    await patch(deployments, namespace, name, { metadata: { labels: { [releaseLabel]: 'x' } } });
    await notes(namespace, 'DriftCorrected', 3);
    await patch(deployments, namespace, name, { metadata: { labels: { [managedByLabel]: null } } });
    await notes(namespace, 'DriftCorrected', 4);
    await remove(deployments, namespace, name);
    await isRight();
    const service = await specOf<Service>(services);
    await patch(services, namespace, name, { spec: { selector: { app: 'else' } } });
    await waitFor(
      async () => {
        const spec = (await specOf<Service>(services)) as Service['spec'];
        return spec?.selector?.app === undefined || JSON.stringify(spec) === JSON.stringify(service)
          ? true
          : undefined;
      },
      { what: 'the Service to be as it was', limitMs },
    );
    await remove(services, namespace, 'products');
    await waitFor(() => specOf(services, 'products').then((spec) => (spec ? true : undefined)), {
      what: 'the Service to be built again',
      limitMs,
    });
    await served(namespace);
  });

  it('a status that was edited by hand or emptied comes back', async () => {
    const namespace = 'status';
    await live(cluster.transport, namespace, ['Served']);
    const right = JSON.stringify(await served(namespace));
    const time = '2026-01-01T00:00:00Z';
    const wrong: object[] = [
      { phase: 'Failed', observedGeneration: 77, lastSlot: time, lastRunNow: 'x', nextRun: time },
      { serving: { release: 'x', digest: 'x', image: 'x', since: time } },
      { run: { release: 'products-20200101-000000', step: 'train', since: time, job: 'nobody' } },
      { candidate: { release: 'x', digest: 'x', step: 'rollout', since: time } },
      { conditions: [] },
      { history: [] },
    ];
    for (const status of [...wrong, null]) {
      await patch(modelReleases, namespace, 'products', { status }, 'status');
      await until(namespace, `the status after ${JSON.stringify(status)}`, (now) => {
        const still = (text: string) => text.replaceAll(/"lastTransitionTime":"[^"]*"/g, '');
        return still(JSON.stringify(now)) === still(right);
      });
    }
    expect(await jobNames(namespace)).to.have.length(3);
  });

  it("names that are somebody else's are waited for, in every step", async () => {
    const namespace = 'taken';
    await createNamespace(cluster.transport, namespace);
    const slot = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3000);
    const release = releaseName('products', slot);
    const foreign = ['snapshot', 'train', 'evaluate'].map((step) => `${release}-${step}`);
    for (const name of foreign) await objects.create(jobs, foreignJob(namespace, name));
    await objects.create(deployments, foreignDeployment(namespace));
    const whole = modelRelease(namespace, { schedule: { cron: '0 0 29 2 *', suspend: true } });
    const annotations = { [runNowAnnotation]: timestamp(slot) };
    await objects.create(modelReleases, {
      ...whole,
      metadata: { ...whole.metadata, annotations },
    });
    for (const name of foreign) {
      const status = await until(namespace, `${name} to be named`, (now) =>
        condition(now, 'Degraded')?.message.includes(`Job ${name} exists`),
      );
      expect(condition(status, 'Degraded')?.reason).to.equal('NameTaken');
      await remove(jobs, namespace, name);
    }
    const status = await until(namespace, 'the Deployment to be named', (now) =>
      condition(now, 'Degraded')?.message.includes('Deployment products-stable exists'),
    );
    expect(condition(status, 'Degraded')?.reason).to.equal('NameTaken');
    const kept = await objects.get<Deployment>(deployments, {
      namespace,
      name: 'products-stable',
    });
    expect(kept?.spec?.replicas).to.equal(0);
    await remove(deployments, namespace, 'products-stable');
    await served(namespace);
  }).timeout(1_800_000);

  it('a thousand records are pruned down to the limit', async () => {
    const namespace = 'records';
    await live(cluster.transport, namespace, ['Served'], { historyLimit: 2 });
    const { history } = await served(namespace);
    const name = history?.[0]?.release ?? '';
    const record = await objects.get<Stored<KubernetesObject> & { data: object }>(
      controllerRevisions,
      { namespace, name },
    );
    if (!record) throw new Error('No record.');
    const { annotations = {}, labels = {}, ownerReferences = [] } = record.metadata;
    const outcome = JSON.parse(annotations['shelfwise.dev/outcome'] ?? '{}');
    const failed = { ...outcome, outcome: 'RunFailed', step: 'snapshot', reason: 'BadData' };
    const all = Array.from({ length: 1_000 }, (_, index) => {
      const slot = new Date(Date.parse('2020-01-01T00:00:00Z') + index * 1000);
      const release = releaseName('products', slot);
      const [at, was] = [timestamp(slot), { ...failed, finishedAt: timestamp(slot) }];
      return {
        apiVersion: record.apiVersion,
        kind: record.kind,
        metadata: {
          namespace,
          name: release,
          labels: { ...labels, [releaseLabel]: release },
          annotations: { 'shelfwise.dev/outcome': JSON.stringify(was) },
          ownerReferences,
        },
        revision: index,
        data: { ...record.data, release, slot: at, startedAt: at },
      };
    });
    for (let from = 0; from < all.length; from += 50)
      await Promise.all(
        all.slice(from, from + 50).map((each) => objects.create(controllerRevisions, each)),
      );
    let left = 0;
    await waitFor(
      async () => {
        const list = await listAll(cluster.transport, { resource: controllerRevisions, namespace });
        left = list.items.length;
        return left <= 3 || undefined;
      },
      { what: 'three records', limitMs: 240_000, everyMs: 500 },
    ).catch((error) => expect.fail(`${error.message} Left: ${left}.`));
    const status = await served(namespace);
    expect(status.serving?.release).to.equal(name);
    expect(status.history?.length).to.be.at.most(2);
  }).timeout(1_800_000);

  describe('sizes', () => {
    const many = (length: number, size: number) =>
      Array.from({ length }, (_, index) => ({ key: `k${index}`, operator: 'Exists', size }));

    it('what is too large is refused with a sentence: a list, a name of 1.5 MB, the whole, annotations', async () => {
      const namespace = 'sizes';
      await createNamespace(cluster.transport, namespace);
      const tooMany = modelRelease(namespace, { serving: { affinity: affinityOf(65, 1) } });
      expect(await refusal(tooMany)).to.match(/^422 .*values: Too many: 65: must have at most 64/);
      const whole = modelRelease(namespace);
      const text = { ...whole, metadata: { ...whole.metadata, name: 'n'.repeat(1_500_000) } };
      expect(await refusal(text)).to.match(/^422 .*metadata\.name: Invalid value/);
      const big = { ...whole, spec: { ...spec(whole), dataset: { a: 'x'.repeat(3_500_000) } } };
      expect(await refusal(big)).to.match(/^413 .*Request entity too large: limit is/);
      const annotations = { 'example.com/a': 'x'.repeat(1_000_000) };
      const noted = { ...whole, metadata: { ...whole.metadata, annotations } };
      expect(await refusal(noted)).to.match(/metadata\.annotations: Too long/);
      expect(many(1, 1)).to.have.length(1);
    });

    it('a spec of half a megabyte is carried through, and so are the longest names', async () => {
      const namespace = 'n'.repeat(63);
      const long = (letter: string) => letter.repeat(253);
      const whole = modelRelease(namespace, {
        store: { s3: { bucket: 'models', credentialsSecret: { name: long('s') } } },
        training: {
          gpu: { count: 0 },
          image: `registry.example/${'i'.repeat(200)}/${'j'.repeat(200)}@sha256:${'a'.repeat(64)}`,
          affinity: affinityOf(64, 8),
        },
        serving: { replicas: 1, affinity: affinityOf(64, 8) },
      });
      await createNamespace(cluster.transport, namespace);
      const name = 'm'.repeat(32);
      await objects.create(modelReleases, { ...whole, metadata: { namespace, name } });
      let status: ModelReleaseStatus | undefined;
      await waitFor(
        async () => {
          const found = await objects.get<KubernetesObject & { status?: ModelReleaseStatus }>(
            modelReleases,
            { namespace, name },
          );
          status = found?.status;
          return status?.phase === 'Serving' || undefined;
        },
        { what: 'it to serve', limitMs },
      ).catch((error) => expect.fail(`${error.message} ${JSON.stringify(status)?.slice(0, 2000)}`));
    });

    for (const name of ['n'.repeat(33), 'n'.repeat(253), 'n'.repeat(254), 'UPPER', '1st']) {
      it(`the name ${name.slice(0, 5)}… of ${name.length} characters is refused`, async () => {
        await createNamespace(cluster.transport, 'names');
        const whole = modelRelease('names');
        const words = await refusal({ ...whole, metadata: { ...whole.metadata, name } });
        expect(words).to.match(
          /^422 .*(DNS label of at most 32 characters|metadata\.name: Invalid value)/,
        );
      });
    }
  });

  async function refusal(object: KubernetesObject): Promise<string> {
    try {
      await objects.create(modelReleases, object);
    } catch (error) {
      if (error instanceof ApiError) return `${error.status} ${error.message}`;
      throw error;
    }
    return 'It was taken.';
  }
});

const spec = (object: KubernetesObject) => (object as { spec?: object }).spec;

/** So many values in each of so many expressions. */
function affinityOf(values: number, expressions: number) {
  const matchExpressions = Array.from({ length: expressions }, () => ({
    key: 'example.com/zone',
    operator: 'In',
    values: Array.from({ length: values }, (_, index) => `${index}`.padEnd(63, 'x')),
  }));
  const nodeSelectorTerms = Array.from({ length: expressions }, () => ({ matchExpressions }));
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  };
}

const template = {
  metadata: { labels: { app: 'else' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'somebody/else:1' }] },
};

function foreignJob(namespace: string, name: string): KubernetesObject {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name },
    spec: { suspend: true, template: { spec: template.spec } },
  };
  return job;
}

function foreignDeployment(namespace: string): KubernetesObject {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'products-stable' },
    spec: {
      replicas: 0,
      selector: { matchLabels: template.metadata.labels },
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Always' } },
    },
  };
  return deployment;
}
