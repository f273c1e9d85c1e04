import { manifestSchema } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { waitFor } from '../process/wait.ts';
import type { KubeObject } from '../shop/kubectl.ts';
import { killOperator, scaleOperator } from '../shop/operator.ts';
import { keepAsking } from '../shop/predict-client.ts';
import { driver } from './classifier.ts';
import { type Environment, environment } from './environment.ts';

const minutes = 60_000;

describe('faults on the way of a release, on a real cluster', () => {
  const name = 'faulty';
  const product = { id: '1', designation: 'red apple', description: null, image: null };
  let env: Environment;
  let shop: ReturnType<typeof driver>;
  let first: { release: string; digest: string };
  let node: string;

  const jobDone = (job: string) =>
    env.kubectl.run(
      ['wait', `job/${job}`, '--for=condition=Complete', '--timeout=900s'].concat(
        ...['-n', env.shop.namespace],
      ),
    );
  const jobExists = (job: string) =>
    waitFor(async () => env.kubectl.get('job', job, env.shop.namespace), {
      ...{ what: `the Job ${job} to be there`, limitMs: 15 * minutes, everyMs: 250 },
    });

  const running = (job: string) =>
    waitFor(
      async () => {
        const pods = await env.kubectl.list('pods', env.shop.namespace, `job-name=${job}`);
        return pods.some((pod) => pod.status.phase !== 'Pending') || undefined;
      },
      { what: `a pod of ${job} to run`, limitMs: 15 * minutes, everyMs: 250 },
    );

  before('a shop with a few hundred pictograms', async () => {
    env = await environment();
    shop = driver(env, name);
    node = (await env.kubectl.list('nodes'))[0].metadata.name;
    await env.shop.importPictograms(name, { arguments: ['--size', '400'] });
  });

  it('the operator is killed during every step: the same end, one Job for a step, one run for a slot', async () => {
    await shop.apply();
    const killed: string[] = [];
    const kills: Promise<void>[] = [];
    await shop.follow(
      'to serve, though its operator is killed in every step',
      ({ status }) => !!status?.serving && !status.run && !status.candidate,
      ({ status }) => {
        const step = status?.run?.step ?? (status?.candidate ? 'rollout' : '');
        if (step === '' || killed.includes(step)) return;
        killed.push(step);
        const kill = killOperator(env.kubectl);
        // Looked at below, where a failure counts; until then it must not end the process.
        kill.catch(() => undefined);
        kills.push(kill);
      },
    );
    await Promise.all(kills);
    expect(killed).to.deep.equal(['snapshot', 'train', 'evaluate', 'rollout']);

    first = await shop.settled('the first release to serve');
    const release = first.release;
    const steps = ['evaluate', 'snapshot', 'train'];
    expect(await shop.jobs(release)).to.deep.equal(steps.map((step) => `${release}-${step}`));
    const { status } = await shop.get();
    expect(status?.history?.map((run) => [run.release, run.outcome])).to.deep.equal([
      [release, 'Served'],
    ]);
    const selector = `shelfwise.dev/model-release=${name}`;
    const records = await env.kubectl.list('controllerrevisions', env.shop.namespace, selector);
    expect(records.map((record) => record.metadata.name)).to.deep.equal([release]);
  });

  it('a byte of the tar is flipped before it is judged: refused, the old release serves on', async () => {
    await shop.apply((spec) => {
      spec.training.model.seed = 2;
    });
    const release = await shop.runNow();
    await jobExists(`${release}-train`);
    await scaleOperator(env.kubectl, 0);
    await jobDone(`${release}-train`);
    await flipByte(release);
    await scaleOperator(env.kubectl, 1);

    const ended = await shop.outcome(release);
    expect(ended.outcome).to.equal('RunFailed');
    expect(ended.message).to.match(/sha256|digest/);
    expect((await shop.get()).status?.serving?.digest).to.equal(first.digest);
  });

  it('a byte of the tar is flipped after it was judged: its pods refuse it, the old release serves on', async () => {
    await shop.apply((spec) => {
      spec.training.model.seed = 3;
      spec.serving.progressDeadlineSeconds = 60;
    });
    const client = keepAsking(env.kubectl, env.shop.namespace, shop.url, [product], 20);
    const release = await shop.runNow();
    await jobExists(`${release}-train`);
    await running(`${release}-train`);
    // The judge's pod has to wait until the operator is gone: it must not roll out before the byte is flipped.
    await env.kubectl.run(['cordon', node]);
    try {
      await jobExists(`${release}-evaluate`);
      await scaleOperator(env.kubectl, 0);
    } finally {
      await env.kubectl.run(['uncordon', node]);
    }
    await jobDone(`${release}-evaluate`);
    await flipByte(release);
    await scaleOperator(env.kubectl, 1);

    const ended = await shop.outcome(release);
    expect(ended.outcome, ended.message).to.equal('RolledBack');
    const answers = await client.stop();
    const failed = answers.filter((answer) => answer.status !== 200);
    expect(failed.slice(0, 5), `failed of ${answers.length}`).to.deep.equal([]);
    expect(new Set(answers.map((answer) => answer.body.digest))).to.deep.equal(
      new Set([first.digest]),
    );
    const serving = await env.kubectl.get('deployment', `${name}-stable`, env.shop.namespace);
    expect(JSON.stringify(serving.spec.template)).to.include(first.digest);
    expect((await shop.get()).status?.serving?.digest).to.equal(first.digest);
  });

  it('two writers for one release: one manifest, the other ends with code 13', async () => {
    const job = await env.kubectl.get('job', `${first.release}-train`, env.shop.namespace);
    const release = `${name}-20200101-000000`;
    // Of different seeds: if one began only when the other has ended, it would find its own training done, and end with 0.
    const writers = [1, 2].map((seed) =>
      writerPod(job, `${release}-writer-${seed}`, release, seed),
    );
    await env.kubectl.apply(writers);
    const names = writers.map((writer) => writer.metadata.name);
    const codes = await waitFor(
      async () => {
        const pods = await Promise.all(
          names.map((each) => env.kubectl.get('pod', each, env.shop.namespace)),
        );
        const ended = pods.map((pod) => pod.status.containerStatuses?.[0]?.state.terminated);
        if (ended.every(Boolean)) return ended.map((each) => each.exitCode).sort();
        throw new Error(JSON.stringify(pods.map((pod) => pod.status)));
      },
      { what: 'both writers to end', limitMs: 15 * minutes, everyMs: 500 },
    );
    const logs = await Promise.all(
      names.map((each) => env.kubectl.run(['logs', each, '-n', env.shop.namespace, '--tail=5'])),
    );
    expect(codes, logs.join('\n')).to.deep.equal([0, 13]);
    const store = env.shop.store(shop.storePrefix);
    const text = (await store.read(`releases/${release}/manifest.json`)).toString();
    const manifest = manifestSchema.parse(JSON.parse(text));
    expect(await store.stat(`releases/${release}/${manifest.tar.name}`)).to.deep.equal({
      size: manifest.tar.size,
    });
    await env.kubectl.run(['delete', 'pod', ...names, '-n', env.shop.namespace]);
  });

  it('a Secret that does not exist is named, with what needs it', async () => {
    const missing = driver(env, 'no-secret');
    await missing.apply((spec) => {
      spec.store.s3.credentialsSecret.name = 'not-there';
    }, name);
    const seen = await missing.follow('to name the Secret', ({ status }) =>
      /not-there/.test(status?.run?.message ?? ''),
    );
    expect(seen.status?.run?.message).to.match(/secret.*not-there/i);
    await env.kubectl.run(['delete', 'modelrelease', 'no-secret', '-n', env.shop.namespace]);
  });

  for (const { what, dataset, bucket, message } of [
    { what: 'tables that do not exist', dataset: 'nothing-here', message: /X_train\.csv/ },
    { what: 'a bucket that does not exist', bucket: 'not-there', message: /not-there/ },
  ])
    it(`${what}: named, and the run fails with its own reason`, async () => {
      const missing = driver(env, 'no-data');
      await missing.apply((spec) => {
        if (bucket) spec.store.s3.bucket = bucket;
      }, dataset);
      const seen = await missing.follow('to fail', ({ status }) => !!status?.history?.length);
      const [ended] = seen.status?.history ?? [];
      expect(ended?.outcome).to.equal('RunFailed');
      expect(ended?.reason).to.be.oneOf(['BadData', 'BadConfiguration']);
      expect(ended?.message).to.match(message);
      await env.kubectl.run(['delete', 'modelrelease', 'no-data', '-n', env.shop.namespace]);
    });

  async function flipByte(release: string): Promise<void> {
    const store = env.shop.store(shop.storePrefix);
    const [tar] = (await Array.fromAsync(store.list(`releases/${release}/`))).filter(({ key }) =>
      key.endsWith('.tar'),
    );
    if (!tar) throw new Error(`there is no tar of ${release}`);
    const bytes = await store.read(tar.key, tar.size);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    await store.write(tar.key, bytes);
  }

  /** The pod of a train Job as it is, but for another release. */
  function writerPod(job: KubeObject, pod: string, release: string, seed: number): KubeObject {
    const spec = structuredClone(job.spec.template.spec);
    const [container] = spec.containers;
    container.args = container.args.map((argument: string) =>
      argument.replaceAll(job.metadata.labels['shelfwise.dev/release'], release),
    );
    // Of an option that is given twice the last counts.
    container.args.push(`--seed=${seed}`);
    const metadata = { name: pod, namespace: env.shop.namespace };
    // Only one GPU is there, and both are to write at once.
    for (const amounts of Object.values(container.resources ?? {}))
      delete (amounts as KubeObject)['nvidia.com/gpu'];
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  }
});
