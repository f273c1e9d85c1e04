import { manifestSchema } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { heldOut } from '../demo/holdout.ts';
import { waitFor } from '../process/wait.ts';
import { keepAsking, type Product, predict } from '../shop/predict-client.ts';
import { driver } from './classifier.ts';
import { type Environment, environment } from './environment.ts';
import { startPrometheus } from './prometheus.ts';

describe('the way of a release, on a real cluster', () => {
  const name = 'pictograms';
  let env: Environment;
  let shop: ReturnType<typeof driver>;
  let products: { product: Product; sample: { class: string } }[];
  let first: { release: string; digest: string };

  const ask = (asked: Product[]) => predict(env.kubectl, env.shop.namespace, shop.url, asked);

  before('a shop with a few hundred pictograms', async () => {
    env = await environment();
    shop = driver(env, name);
    await env.shop.importPictograms(name, { arguments: ['--size', '400'] });
  });

  it('serves the first release, and answers right', async () => {
    await shop.apply();
    first = await shop.settled('the first release to serve');

    const store = env.shop.store(shop.storePrefix);
    const manifest = manifestSchema.parse(
      JSON.parse((await store.read(`releases/${first.release}/manifest.json`)).toString()),
    );
    expect(manifest.tar.sha256).to.equal(first.digest);
    products = await heldOut(store, manifest.dataset, 30);
    const answers = await ask(products.map(({ product }) => product));
    expect(answers.filter((answer) => answer.status !== 200)).to.deep.equal([]);
    expect(answers).to.have.length(products.length);
    for (const { body } of answers)
      expect(body).to.include({ release: first.release, digest: first.digest });
    const right = answers.filter(
      ({ body }, at) => body.classes[0].class === products[at]?.sample.class,
    );
    expect(right.length / answers.length, 'share of right answers').to.be.at.least(0.4);
  });

  it('is scraped by Prometheus, operator and inference alike', async () => {
    const prometheus = await startPrometheus(env.kubectl, env.shop.namespace);
    try {
      for (const series of [
        `shelfwise_inference_model_info{release="${first.release}",digest="${first.digest}"}`,
        'shelfwise_inference_requests_total{code="200"}',
        'shelfwise_operator_reconcile_seconds_count',
        'shelfwise_operator_modelrelease_serving_accuracy',
        'process_resident_memory_bytes{component="operator"}',
        'process_resident_memory_bytes{component="inference"}',
      ])
        await waitFor(() => prometheus.query(series), {
          ...{ what: `Prometheus to have ${series}`, limitMs: 120_000, everyMs: 500 },
        });
    } finally {
      await prometheus.stop();
    }
  });

  it('spends no GPU on unchanged data', async () => {
    const release = await shop.runNow();
    const ended = await shop.outcome(release);
    expect(ended.outcome).to.equal('NoNewData');
    expect(await shop.jobs(release)).to.deep.equal([`${release}-snapshot`]);
    expect((await shop.get()).status?.serving?.digest).to.equal(first.digest);
  });

  it('keeps the old release when the labels are shuffled, and says both numbers', async () => {
    await env.shop.importPictograms(name, {
      arguments: ['--size', '400', '--shuffle-labels', '7'],
    });
    const ended = await shop.outcome(await shop.runNow());
    expect(ended.outcome).to.equal('GateFailed');
    expect(ended.message).to.match(/accuracy\D*0\.\d+.*0\.50/);
    const gate = await shop.condition('GatePassed');
    expect(gate.status).to.equal('False');
    expect(gate.message).to.match(/accuracy\D*0\.\d+.*0\.50/);
    expect((await shop.get()).status?.serving?.digest).to.equal(first.digest);
    const [answer] = await ask(products.slice(0, 1).map(({ product }) => product));
    expect(answer).to.deep.include({ status: 200 });
    expect(answer?.body.digest).to.equal(first.digest);
  });

  it('rolls to new data while a client calls 20 times a second, with no failed request', async () => {
    await env.shop.importPictograms(name, { arguments: ['--size', '500'] });
    const sent = products.map(({ product }) => product);
    const client = keepAsking(env.kubectl, env.shop.namespace, shop.url, sent, 20);
    const release = await shop.runNow();
    const ended = await shop.outcome(release);
    expect(ended.outcome, ended.message).to.equal('Served');
    // The old pods must have gone, for theirs are the requests that could fail.
    await waitFor(
      async () => {
        const selector = `shelfwise.dev/model-release=${name},shelfwise.dev/track=stable`;
        const pods = await env.kubectl.list('pods', env.shop.namespace, selector);
        return pods.length === 1 || undefined;
      },
      { what: 'the old pods to go', limitMs: 180_000, everyMs: 500 },
    );
    const answers = await client.stop();
    const failed = answers.filter((answer) => answer.status !== 200);
    expect(failed.slice(0, 5), `failed of ${answers.length}`).to.deep.equal([]);
    const releases = new Set(answers.map((answer) => answer.body.release));
    expect([...releases]).to.deep.equal([first.release, release]);
  });

  it("waits for a GPU in the scheduler's own words, and goes on when there is one", async () => {
    await env.setGpus(0);
    try {
      await shop.apply((spec) => {
        spec.training.model.seed = 2;
      });
      const release = await shop.runNow();
      await shop.follow('the scheduler to say why', ({ status }) =>
        /Insufficient nvidia\.com\/gpu/.test(status?.run?.message ?? ''),
      );
      const waiting = await shop.condition('Progressing');
      expect(waiting.message).to.match(/Insufficient nvidia\.com\/gpu/);
      await env.setGpus(1);
      expect(await shop.outcome(release)).to.include({ release, outcome: 'Served' });
    } finally {
      await env.setGpus(1);
    }
  });

  it('leaves nothing in the cluster when it is deleted, and everything in the bucket', async () => {
    await env.kubectl.run(['delete', 'modelrelease', name, '-n', env.shop.namespace]);
    const kinds = 'jobs,pods,deployments,replicasets,services,controllerrevisions,endpointslices';
    await waitFor(
      async () => {
        const selector = `shelfwise.dev/model-release=${name}`;
        const left = await env.kubectl.list(kinds, env.shop.namespace, selector);
        if (left.length === 0) return true;
        throw new Error(left.map((each) => `${each.kind}/${each.metadata.name}`).join(' '));
      },
      { what: 'everything of it to be collected', limitMs: 180_000, everyMs: 500 },
    );
    const kept = await Array.fromAsync(env.shop.store(shop.storePrefix).list('releases/'));
    expect(kept.map((each) => each.key)).to.include(`releases/${first.release}/manifest.json`);
  });
});
