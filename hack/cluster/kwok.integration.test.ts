import { evaluationFactsSchema } from '@shelfwise/inference-contract';
import {
  exitCodes,
  failureMessageSchema,
  snapshotMessageSchema,
  trainMessageSchema,
} from '@shelfwise/trainer-contract/messages';
import { expect } from 'chai';
import type { Pod } from '../../operator/api/kubernetes.ts';
import { releaseLabel, stepLabel } from '../../operator/api/metadata.ts';
import { kubeconfigConnection } from '../../operator/kube/connection.ts';
import { createObjects, type Objects } from '../../operator/kube/objects.ts';
import { pods } from '../../operator/kube/resource.ts';
import { createTransport, type Transport } from '../../operator/kube/transport.ts';
import { waitFor } from '../process/wait.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Kwok, startKwok } from './kwok.ts';

describe('nodes played by kwok', function () {
  this.timeout(1_800_000); // the first time it builds Kubernetes and kwok
  let plane: ControlPlane;
  let kwok: Kwok;
  let transport: Transport;
  let objects: Objects;

  before(async () => {
    plane = await startControlPlane({ schedulers: true });
    kwok = await startKwok({ kubeconfig: plane.kubeconfig, gpusPerNode: 1 });
    const connection = await kubeconfigConnection([plane.kubeconfig]);
    transport = createTransport({ connection, userAgent: 'test' });
    objects = createObjects({ transport, fieldManager: 'test' });
  });
  after(async () => {
    await kwok?.stop();
    await transport?.close();
    await plane?.stop();
  });

  /** Runs a pod with these arguments and gives it back as it is when it has ended, or is ready or refuses. */
  async function play(args: string[], rest: object = {}): Promise<Pod> {
    const metadata = { namespace: 'default', name: `pod-${++count}`, ...rest };
    const spec = {
      restartPolicy: 'Never',
      containers: [{ name: 'step', image: 'r/image:1', args }],
    };
    await objects.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    return waitFor(
      async () => {
        const pod = await objects.get<Pod>(pods, metadata);
        return pod?.status?.phase === 'Pending' ? undefined : pod;
      },
      { what: `the pod ${metadata.name} to be played`, limitMs: 240_000 },
    );
  }
  let count = 0;

  async function step(name: string, args: string[], release = 'shop-20261122-030000') {
    const labels = { [stepLabel]: name, [releaseLabel]: release };
    const pod = await play([name, ...args], { labels });
    const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
    return { exitCode: ended?.exitCode, message: JSON.parse(ended?.message ?? '""') };
  }

  const snapshot = async (prefix: string, release?: string) => {
    const from = `s3://bucket/${prefix}`;
    const { exitCode, message } = await step('snapshot', ['--from', from], release);
    expect(exitCode).to.equal(0);
    return snapshotMessageSchema.parse(message).dataset;
  };

  it('end the steps of a run with the messages of their contracts, as the prefix of the dataset tells', async () => {
    const dataset = await snapshot('played/first/9000');
    expect(await snapshot('played/first/9000')).to.equal(dataset);
    expect(await snapshot('played/second/9000')).to.not.equal(dataset);

    const release = 'shop-20261122-030000';
    const trained = await step('train', ['--dataset', dataset, '--release', release]);
    expect(trained.exitCode).to.equal(0);
    const { digest, metrics } = trainMessageSchema.parse(trained.message);
    expect(metrics.accuracy).to.equal(0.9);

    const gate = { metrics: [{ name: 'accuracy', minimum: '0.8' }] };
    const question = ['--dataset', dataset, '--release', release, '--gate', JSON.stringify(gate)];
    const facts = evaluationFactsSchema.parse((await step('evaluate', question)).message);
    expect(facts).to.deep.include({ dataset, gate, champion: null, championMetrics: null });
    expect(facts.candidate).to.deep.equal({ release, digest });
    expect(facts.metrics.accuracy).to.equal(0.9);

    const champion = { release: 'shop-20261115-030000', digest: `sha256:${'0'.repeat(64)}` };
    const compared = ['--champion-release', champion.release, '--champion-digest', champion.digest];
    const beside = await step('evaluate', [...question, ...compared]);
    expect(evaluationFactsSchema.parse(beside.message).champion).to.deep.equal(champion);
  });

  it('find other products in each release where the prefix says so', async () => {
    const [one, other] = [
      await snapshot('played/each/9000', 'a-1'),
      await snapshot('played/each/9000', 'a-2'),
    ];
    expect(one).to.not.equal(other);
  });

  it('let any step fail with an exit code of the contract', async () => {
    const failing = await step('snapshot', ['--from', 's3://bucket/played/first/9000/snapshot-11']);
    expect(failing.exitCode).to.equal(exitCodes.BadData);
    expect(failureMessageSchema.parse(failing.message).exitCode).to.equal(exitCodes.BadData);
    const dataset = await snapshot('played/first/9000/train-12');
    const trained = await step('train', ['--dataset', dataset]);
    expect(trained.exitCode).to.equal(exitCodes.Diverged);
  });

  it('get serving pods ready, save those whose model is to be refused', async () => {
    const digestOf = async (prefix: string) => {
      const trained = await step('train', ['--dataset', await snapshot(prefix)]);
      return trainMessageSchema.parse(trained.message).digest;
    };
    const serve = async (digest: string) => {
      const { status } = await play([], { annotations: { 'shelfwise.dev/digest': digest } });
      return status?.containerStatuses?.[0];
    };
    expect((await serve(await digestOf('played/first/9000')))?.ready).to.equal(true);
    const refused = await serve(await digestOf('played/first/9000/serve-11'));
    expect(refused?.ready).to.equal(false);
    expect(refused?.lastState?.terminated?.exitCode).to.equal(exitCodes.BadData);
  });
});
