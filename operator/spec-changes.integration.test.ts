import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { waitFor } from '../hack/process/wait.ts';
import type { Deployment, Job } from './api/kubernetes.ts';
import { runNowAnnotation, stepLabel } from './api/metadata.ts';
import { type ModelRelease, modelReleases } from './api/model-release.ts';
import { timestamp } from './api/names.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects, type Objects } from './kube/objects.ts';
import { createReflector } from './kube/reflector.ts';
import { deployments, jobs } from './kube/resource.ts';
import type { Operator } from './operator.ts';
import { type PlayedCluster, startPlayedCluster } from './played-cluster.ts';
import { goodMessages, type PlayedKubelet, playKubelet } from './played-kubelet.ts';
import { createNamespace, modelRelease } from './played-life.ts';
import { startTestOperator } from './test-operator.ts';

const namespace = 'shop';
const name = 'products';

/** What a person wrote at first, and what while the first run took its snapshot. */
const written = modelRelease(namespace) as KubernetesObject & { spec: object };
const edited = {
  ...written,
  spec: {
    ...written.spec,
    schedule: { cron: '30 5 29 2 *' },
    gate: { metrics: [{ name: 'accuracy', minimum: '0.95' }] },
    training: { gpu: { count: 0 }, image: 'r/trainer:other', model: { seed: 7 } },
    serving: { replicas: 3, image: 'r/inference:other' },
  },
};

describe('a spec that changes in the middle of a run, on a real API server', () => {
  let cluster: PlayedCluster;
  let objects: Objects;
  let kubelet: PlayedKubelet | undefined;
  let operator: Operator;
  const looking = new AbortController();
  let looks: Promise<void>;
  /** Every state of the ModelRelease that was seen, in order. */
  const states: ModelRelease[] = [];

  before(async () => {
    cluster = await startPlayedCluster([]);
    // No step may end before the spec has changed.
    await cluster.kubelet.stop();
    const { transport } = cluster;
    objects = createObjects({ transport, fieldManager: 'person' });
    await createNamespace(transport, namespace);
    const seen = createReflector<ModelRelease>({
      transport,
      resource: modelReleases,
      onChange: ({ object }) => void (object && states.push(object)),
    });
    looks = seen.run(looking.signal);
    operator = await startTestOperator(cluster.connection, { namespaces: [namespace] });
  });
  after(async () => {
    await operator?.stop();
    looking.abort();
    await looks;
    await kubelet?.stop();
    await cluster?.stop();
  });

  /** The states whose status is said to be of the spec beside it. */
  const told = () =>
    states.flatMap(({ status, metadata, spec }) =>
      status && status.observedGeneration === metadata.generation ? [{ status, spec }] : [],
    );
  const live = () => objects.get<ModelRelease>(modelReleases, { namespace, name });

  function until(what: string, is: (status: NonNullable<ModelRelease['status']>) => boolean) {
    return waitFor(
      async () => {
        const { status } = (await live()) ?? {};
        return status && is(status) ? status : undefined;
      },
      { what, limitMs: 240_000, everyMs: 200 },
    ).catch(async (error) => {
      throw new Error(`${error.message} Status: ${JSON.stringify((await live())?.status)}`);
    });
  }

  async function job(release: string, step: string): Promise<Job> {
    const labelSelector = `${stepLabel}=${step},shelfwise.dev/release=${release}`;
    const { items } = await listAll<Job>(cluster.transport, {
      resource: jobs,
      namespace,
      labelSelector,
    });
    expect(items, `Jobs of ${step}`).to.have.length(1);
    return items[0] as Job;
  }
  const container = ({ spec }: Job | Deployment) => spec?.template.spec?.containers[0];

  it('finishes under the spec in its record, while what serves and the schedule follow the new one', async () => {
    await objects.apply(modelReleases, written);
    const { run } = await until('a run', ({ run }) => run !== undefined);
    const first = run?.release ?? '';
    // A watch that lags would see only what comes after the edit.
    await waitFor(async () => told().length > 0 || undefined, {
      what: 'the watch to show a status of the first spec',
      limitMs: 240_000,
    });
    await objects.apply(modelReleases, edited);
    kubelet = playKubelet(cluster.transport, (context) => {
      const dataset = context.release === first ? 'first' : 'second';
      return goodMessages(context, { dataset, accuracy: 0.9 });
    });
    // 0.9 is enough for the old gate, and not for the new one.
    const status = await until('the release to serve', ({ serving }) => serving?.release === first);
    expect(container(await job(first, 'train'))?.image).to.equal('r/trainer:1');
    expect(container(await job(first, 'train'))?.args).to.include.members(['--seed', '1']);
    expect(container(await job(first, 'evaluate'))?.image).to.equal('r/inference:1');
    expect(status.observedGeneration).to.equal(2);

    const at = { namespace, name: `${name}-stable` };
    const rolled = await waitFor(
      async () => {
        const deployment = await objects.get<Deployment>(deployments, at);
        const { status = {}, spec } = deployment ?? {};
        const there = spec?.replicas === 3 && status.updatedReplicas === 3 && status.replicas === 3;
        return there ? deployment : undefined;
      },
      { what: 'three pods of the new serving image', limitMs: 240_000 },
    );
    expect(container(rolled)?.image).to.equal('r/inference:other');
    await until('rest', ({ conditions = [] }) =>
      conditions.some(({ type, reason }) => type === 'Progressing' && reason === 'Idle'),
    );
  });

  it('judges the next run, trained in the new image, by the new gate', async () => {
    // Not of the second of the first run.
    await sleep(1_100);
    const asked = timestamp(new Date());
    const annotations = { [runNowAnnotation]: asked };
    await objects.apply(modelReleases, {
      ...edited,
      metadata: { ...edited.metadata, annotations },
    });
    const { history = [], serving } = await until(
      'the second run to end',
      ({ history = [] }) => history.length === 2,
    );
    const [second] = history;
    expect(second?.outcome).to.equal('GateFailed');
    expect(second?.message).to.include('0.95');
    expect(container(await job(second?.release ?? '', 'train'))?.image).to.equal('r/trainer:other');
    expect(serving?.image).to.equal('r/inference:other');
  });

  it('never showed a status with the new generation that was of the old spec', () => {
    expect(told().map(({ status }) => status.observedGeneration)).to.include.members([1, 2]);
    for (const { status, spec } of told()) {
      const { nextRun = '', conditions = [], observedGeneration } = status;
      expect(nextRun).to.include(observedGeneration === 1 ? 'T00:00:00Z' : 'T05:30:00Z');
      for (const condition of conditions)
        expect(condition.observedGeneration).to.equal(observedGeneration);
      const ready = conditions.find(({ type }) => type === 'Ready');
      if (ready?.status === 'True')
        expect(ready.message).to.include(
          `${spec.serving.replicas} of ${spec.serving.replicas} pods`,
        );
    }
  });
});
