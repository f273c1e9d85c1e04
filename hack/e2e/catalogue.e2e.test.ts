import {
  importResultSchema,
  productSchema,
  tokenResponseSchema,
} from '@shelfwise/inference-contract';
import { readManifest, readSnapshot, type Sample, samples } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { waitFor } from '../process/wait.ts';
import { portForward } from '../shop/port-forward.ts';
import { driver } from './classifier.ts';
import { type Environment, environment } from './environment.ts';

/** What people say that the products of the largest class really are: a class that no model has heard of. */
const newLabel = 'renamed by people';
const linesOfImport = 100;

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every kind
  body: any;
}

describe('corrections in the catalogue, on a real cluster', () => {
  const name = 'corrected';
  let env: Environment;
  let shop: ReturnType<typeof driver>;
  let first: { release: string; digest: string };
  let stock: Sample[];
  let renamed: Sample[];

  /** Runs the work as the shop's admin, who may keep the catalogue, against the service as it is now. */
  async function asAdmin(
    work: (
      call: (method: string, path: string, body?: object | string) => Promise<Answer>,
    ) => Promise<void>,
  ): Promise<void> {
    const { data } = await env.kubectl.get('secret', 'shop-admin', env.shop.namespace);
    const read = (key: string) => Buffer.from(data[key], 'base64').toString();
    const forward = await portForward(env.kubectl, env.shop.namespace, `service/${name}`, 80);
    const call = async (method: string, path: string, body?: object | string, token?: string) => {
      const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json';
      const answer = await fetch(`http://127.0.0.1:${forward.port}${path}`, {
        method,
        headers: {
          'content-type': type,
          'if-match': '*',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    };
    try {
      const credentials = { username: read('username'), password: read('password') };
      const { token } = await waitFor(
        async () => {
          const { status, body } = await call('POST', '/v1/tokens', credentials);
          if (status !== 200) throw new Error(JSON.stringify(body));
          return { token: tokenResponseSchema.parse(body).access_token };
        },
        { what: 'the admin to log in', limitMs: 120_000, everyMs: 500 },
      );
      await work((method, path, body) => call(method, path, body, token));
    } finally {
      forward.close();
    }
  }

  async function datasetOf(release: string): Promise<Sample[]> {
    const store = env.shop.store(shop.storePrefix);
    const { dataset } = await readManifest(store, release);
    const snapshot = await readSnapshot(store, dataset);
    const found: Sample[] = [];
    for (const side of ['train', 'holdout'] as const)
      for await (const sample of samples(store, snapshot, side)) found.push(sample);
    return found;
  }

  const asked = ({ designation, description, picture }: Sample) => ({
    designation,
    description,
    image: picture?.toString('base64') ?? null,
  });

  before('a release of a few hundred pictograms', async () => {
    env = await environment();
    shop = driver(env, name);
    await env.shop.importPictograms(name, { arguments: ['--size', '400'] });
    await shop.apply();
    const { release, digest } = await shop.settled('the first release to serve');
    first = { release, digest };
    stock = await datasetOf(first.release);
    const [largest] = [...Map.groupBy(stock, (sample) => sample.class).values()].sort(
      (a, b) => b.length - a.length,
    );
    renamed = largest ?? [];
    expect(renamed.length).to.be.at.least(10);
  });

  it('takes the products over the API, predicts them, and is told what some of them really are', async () => {
    await asAdmin(async (call) => {
      for (let at = 0; at < stock.length; at += linesOfImport) {
        const lines = stock
          .slice(at, at + linesOfImport)
          .map((sample) =>
            JSON.stringify({ id: sample.id, category: sample.class, ...asked(sample) }),
          );
        const { status, body } = await call('POST', '/v1/products/import', lines.join('\n'));
        expect(status, JSON.stringify(body)).to.equal(200);
        const { created, refused } = importResultSchema.parse(body);
        expect([created, refused]).to.deep.equal([lines.length, []]);
      }
      const example = renamed[0] as Sample;
      const product = await waitFor(
        async () => {
          const { body } = await call('GET', `/v1/products/${example.id}`);
          const seen = productSchema.parse(body);
          return seen.prediction.status === 'pending' ? undefined : seen;
        },
        { what: 'the product to be predicted', limitMs: 300_000, everyMs: 500 },
      );
      expect(product.prediction).to.include({ status: 'done', ...first });
      for (const { id } of renamed) {
        const { status, body } = await call('PUT', `/v1/products/${id}/category`, {
          category: newLabel,
        });
        expect(status, JSON.stringify(body)).to.equal(200);
        expect(body).to.include({ label: newLabel });
      }
    });
  });

  it('learns the corrections with the next release', async () => {
    await shop.apply((spec) => {
      spec.dataset = {
        catalog: {
          databaseSecret: { name: 'shop-database', key: 'url' },
          prefix: shop.storePrefix,
        },
        holdoutPercent: 20,
      };
    });
    const release = await shop.runNow();
    const ended = await shop.outcome(release);
    expect(ended.outcome, ended.message).to.equal('Served');
    const corrected = new Set(renamed.map(({ id }) => id));
    const learnt = new Map((await datasetOf(release)).map((sample) => [sample.id, sample.class]));
    expect(Object.fromEntries(learnt)).to.deep.equal(
      Object.fromEntries(
        stock.map((sample) => [sample.id, corrected.has(sample.id) ? newLabel : sample.class]),
      ),
    );
  });

  it('answers the new class for what was corrected', async () => {
    const { release, digest } = await shop.settled('the new release to serve');
    expect(release).to.not.equal(first.release);
    await asAdmin(async (call) => {
      let right = 0;
      for (const sample of renamed) {
        const { status, body } = await call('POST', '/v1/predict', asked(sample));
        expect(status, JSON.stringify(body)).to.equal(200);
        expect(body).to.include({ release, digest });
        if (body.classes[0].class === newLabel) right += 1;
      }
      expect(right / renamed.length, 'share that the new release has right').to.be.at.least(0.5);
      // And so does the catalogue, when it is asked to.
      const { id } = renamed[0] as Sample;
      const before = productSchema.parse((await call('GET', `/v1/products/${id}`)).body);
      expect(before.prediction).to.include({ status: 'done', ...first });
      const { body } = await call('POST', `/v1/products/${id}/prediction`);
      expect(productSchema.parse(body).prediction).to.include({ status: 'done', release, digest });
    });
  });
});
