import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemSchema, productSchema } from '@shelfwise/inference-contract';
import {
  keys,
  openStore,
  type Store,
  shortPatience,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { waitFor } from '../../hack/process/wait.ts';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { type Break, type BreakingProxy, breakingProxy } from '../fixtures/breaking-proxy.ts';
import { askPredict, json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { type Answer, matching, openShop, type Replica, type Shop } from './fixture.ts';

/** More pieces than any request sends: a case that needs more is a case that never ends. */
const mostPieces = 60;

describe('the catalogue while PostgreSQL or S3 goes away', () => {
  let shop: Shop;
  let s3: S3Service;
  let store: Store;
  let replica: Replica;
  let postgres: BreakingProxy;
  let pictures: BreakingProxy;
  let knex: Knex;
  let made = 0;

  before(async () => {
    [shop, s3] = await Promise.all([openShop(), startVersitygw()]);
    knex = shop.database.ready() as Knex;
    postgres = await breakingProxy(Number(new URL(shop.postgres.url).port));
    pictures = await breakingProxy(Number(new URL(s3.endpoint).port));
    const open = (endpoint: string) =>
      openStore(
        `s3://${s3.bucket}/models/shop/products`,
        storeSettingsFromEnv({ ...s3.env, AWS_ENDPOINT_URL_S3: endpoint }),
        { ...shortPatience, pauseMs: 5 },
      );
    store = open(s3.endpoint);
    const databaseUrl = Object.assign(new URL(shop.postgres.url), {
      port: String(postgres.port),
    }).href;
    replica = await shop.replica({ store: open(`http://127.0.0.1:${pictures.port}`), databaseUrl });
  });
  after(async () => {
    await shop?.close();
    await postgres?.close();
    await pictures?.close();
    await s3?.stop();
  });

  const newPicture = async () =>
    (await colouredPicture(`rgb(${++made % 256}, ${made >> 8}, 99)`)).toString('base64');
  const healed = async () => {
    postgres.heal();
    pictures.heal();
    await shop.state(replica.catalogue.database, true);
  };

  /** What holds whenever anybody looks: every product's picture is there. */
  async function nothingHalf(): Promise<void> {
    const rows = await knex('shelfwise_products').whereNotNull('picture').select('id', 'picture');
    for (const { id, picture } of rows)
      expect(await store.stat(keys.picture(picture)), `the picture of ${id}`).to.not.equal(
        undefined,
      );
  }

  function isTold({ status, body, headers }: Answer, part: 'database' | 'pictures'): void {
    const problem = problemSchema.parse(body);
    expect(problem, JSON.stringify(body)).to.include({ status: 503 });
    expect(status).to.equal(503);
    expect(problem.type.split('/').at(-1)).to.equal(`${part}-unavailable`);
    expect(Number(headers.get('retry-after'))).to.be.at.least(1);
  }

  /** As a caller does who heeds Retry-After: connections that were cut may be found out by one more request. */
  const untilThere = (write: () => Promise<Answer>) =>
    waitFor(
      async () => {
        const answer = await write();
        return answer.status === 503 ? undefined : answer;
      },
      { what: 'an answer other than 503', limitMs: 120_000 },
    );

  interface Write {
    name: string;
    /** Makes what it needs; gives what to call. */
    prepare(): Promise<() => Promise<Answer>>;
    ok: number;
    /** Whether a second call after a lost answer may say that it was done. */
    again: readonly number[];
  }
  const create = async (value: object) => {
    const { status, body } = await replica.call('POST', '/v1/products', json(value));
    expect(status, JSON.stringify(body)).to.equal(201);
    return productSchema.parse(body).id;
  };
  const writes: Write[] = [
    {
      name: 'create',
      async prepare() {
        const value = { designation: `spade ${++made}`, image: await newPicture() };
        const asked = json(value);
        const headers = { ...asked.headers, 'idempotency-key': `key-${made}` };
        return () => replica.call('POST', '/v1/products', { ...asked, headers });
      },
      ok: 201,
      again: [201],
    },
    {
      name: 'replace',
      async prepare() {
        const id = await create({ designation: 'spade', image: await newPicture() });
        const asked = matching('"1"', json({ designation: 'rake', image: await newPicture() }));
        return () => replica.call('PUT', `/v1/products/${id}`, asked);
      },
      ok: 200,
      again: [200, 412],
    },
    {
      name: 'correct',
      async prepare() {
        const id = await create({ designation: 'spade' });
        const asked = matching('"1"', json({ category: 'garden' }));
        return () => replica.call('PUT', `/v1/products/${id}/category`, asked);
      },
      ok: 200,
      again: [200, 412],
    },
    {
      name: 'delete',
      async prepare() {
        const id = await create({ designation: 'spade', image: await newPicture() });
        return () => replica.call('DELETE', `/v1/products/${id}`, matching('"1"'));
      },
      ok: 204,
      again: [204, 404],
    },
    {
      name: 'import',
      async prepare() {
        const lines = await Promise.all(
          [1, 2].map(async () => ({
            id: `i${++made}`,
            designation: 'x',
            image: await newPicture(),
          })),
        );
        const body = lines.map((line) => JSON.stringify(line)).join('\n');
        return () =>
          replica.call('POST', '/v1/products/import', {
            headers: { 'content-type': 'application/x-ndjson' },
            body,
          });
      },
      ok: 200,
      again: [200],
    },
  ];
  const withPictures = new Set(['create', 'replace', 'import']);

  for (const part of ['database', 'pictures'] as const)
    for (const how of ['before', 'after'] as const satisfies Break[])
      for (const { name, prepare, ok, again } of writes.filter(
        (write) => part === 'database' || withPictures.has(write.name),
      ))
        it(`${name}: ${part} cut off ${how} each piece that is sent: a 503, nothing half-written, and right when asked again`, async () => {
          const proxy = part === 'database' ? postgres : pictures;
          for (let piece = 1; ; piece++) {
            expect(piece, 'it has to come to an end').to.be.below(mostPieces);
            const write = await prepare();
            proxy.breakAt(piece, how);
            const answer = await write();
            const isOver = !proxy.broke();
            if (answer.status !== ok) isTold(answer, part);
            await nothingHalf();
            await healed();
            const second = await untilThere(write);
            expect(second.status, `${piece}: ${JSON.stringify(second.body)}`).to.be.oneOf([
              ok,
              ...again,
            ]);
            await nothingHalf();
            if (isOver) {
              expect(answer.status).to.equal(ok);
              return;
            }
          }
        });

  it('which fall silent are told in seconds, and predictions go on meanwhile', async () => {
    for (const [part, proxy] of [
      ['database', postgres],
      ['pictures', pictures],
    ] as const) {
      const write = await (writes[0] as Write).prepare();
      proxy.breakAt(part === 'database' ? 4 : 1, 'silent');
      const answering = write();
      const predicted = await askPredict(replica.service, json({ designation: 'spade' }));
      expect(predicted.status).to.equal(200);
      isTold(await answering, part);
      await nothingHalf();
      await healed();
      expect((await untilThere(write)).status).to.equal(201);
    }
  });

  it('says of S3 that refuses the credentials that the pictures are not there', async () => {
    const wrong = join(shop.dir, 'wrong-credentials');
    await mkdir(wrong);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
      await writeFile(join(wrong, name), 'wrong');
    const other = await shop.replica({
      store: openStore(
        store.url,
        storeSettingsFromEnv({ ...s3.env, S3_CREDENTIALS_DIR: wrong }),
        shortPatience,
      ),
    });
    const image = await newPicture();
    isTold(
      await other.call('POST', '/v1/products', json({ designation: 'spade', image })),
      'pictures',
    );
    // What needs no picture goes on.
    expect(
      (await other.call('POST', '/v1/products', json({ designation: 'spade' }))).status,
    ).to.equal(201);
    await other.close();
  });

  it('reads products without S3, but not their pictures', async () => {
    const id = await create({ designation: 'spade', image: await newPicture() });
    pictures.breakAt(1, 'before');
    expect((await replica.call('GET', `/v1/products/${id}`)).status).to.equal(200);
    isTold(await replica.call('GET', `/v1/products/${id}/image`), 'pictures');
    const patched = await replica.call(
      'PATCH',
      `/v1/products/${id}`,
      matching('*', json({ designation: 'rake' })),
    );
    expect(patched.body.prediction).to.deep.equal({ status: 'pending' });
    await healed();
  });
});
