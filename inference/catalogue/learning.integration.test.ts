import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  openStore,
  readSnapshot,
  type Store,
  samples,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import type { Knex } from 'knex';
import pg from 'pg';
import { writeUrlFile } from '../../hack/services/postgres.ts';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { migrate } from '../database/migrate.ts';
import { openPool } from '../database/pool.ts';
import { json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { log, matching, openShop, type Replica, type Shop } from './fixture.ts';

const root = resolve(import.meta.dirname, '../..');
const prefix = 'models/shop/products';

describe('what a snapshot learns from the catalogue', () => {
  let shop: Shop;
  let s3: S3Service;
  let store: Store;
  let replica: Replica;
  let readerFile: string;

  before(async () => {
    [shop, s3] = await Promise.all([openShop(), startVersitygw()]);
    store = openStore(`s3://${s3.bucket}/${prefix}`, storeSettingsFromEnv(s3.env));
    replica = await shop.replica({ store });
    // As the page tells a person to.
    const page = await readFile(join(root, 'docs/catalogue.md'), 'utf8');
    const statements = /```sql\n(.*?)```/s.exec(page)?.[1] ?? '';
    await (shop.database.ready() as Knex).raw(statements);
    const reader = new URL(shop.postgres.url);
    [reader.username, reader.password] = ['shelfwise_reader', 'change me'];
    readerFile = await writeUrlFile(join(shop.dir, 'reader'), reader.href);
  });
  after(async () => {
    await shop?.close();
    await s3?.stop();
  });

  /** The program as its Job runs it; the samples of the dataset by id. */
  async function snapshot() {
    const scratch = join(shop.dir, 'scratch');
    await mkdir(scratch, { recursive: true });
    const from = `s3://${s3.bucket}/${prefix}`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(root, 'trainer/main.ts'),
        ...['snapshot', '--from', from, '--store', from, '--source', 'catalog'],
        ...['--maximum-invalid-percent', '0', '--holdout-percent', '20'],
      ],
      {
        env: {
          PATH: process.env.PATH,
          ...s3.env,
          DATABASE_URL_FILE: readerFile,
          SCRATCH_DIR: scratch,
        },
        maxBuffer: 2 ** 26,
      },
    );
    const message = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    const found = await readSnapshot(store, message.dataset);
    const learnt = new Map<string, { label: string; picture: Buffer | null }>();
    for (const side of ['train', 'holdout'] as const)
      for await (const { id, class: label, picture } of samples(store, found, side))
        learnt.set(id, { label, picture });
    return { message, learnt };
  }

  it('is the correction, else the category given, with the picture as it was sent; never a prediction', async () => {
    const pictures = await Promise.all(
      Array.from({ length: 20 }, (_, i) => colouredPicture(`rgb(${i * 12}, ${255 - i * 12}, 60)`)),
    );
    const lines = pictures.map((picture, i) => ({
      ...{ id: `p${i}`, designation: `spade ${i}`, category: i % 2 ? 'garden' : 'toys' },
      image: picture.toString('base64'),
    }));
    const imported = await replica.call('POST', '/v1/products/import', {
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    expect(imported.body).to.include({ created: 20 });
    const only = await replica.call(
      'POST',
      '/v1/products',
      json({ id: 'predicted', designation: 'spade' }),
    );
    expect(only.body.prediction.status).to.equal('done');

    const before = await snapshot();
    expect(before.message).to.include({ products: 20, invalid: 0, classes: 2 });

    const correct = (id: string, category: string) =>
      replica.call('PUT', `/v1/products/${id}/category`, matching('*', json({ category })));
    expect((await correct('p4', 'kitchen')).status).to.equal(200);
    await correct('p6', 'kitchen');
    await correct('p8', 'kitchen');
    await replica.call('DELETE', '/v1/products/p8/category', matching('*'));
    await correct('predicted', 'books');
    await replica.call('PATCH', '/v1/products/p10', matching('*', json({ category: null })));
    await replica.call('DELETE', '/v1/products/p12', matching('*'));

    const after = await snapshot();
    expect(after.message.dataset).to.not.equal(before.message.dataset);
    const expected = new Map(lines.map(({ id, category }) => [id, category]));
    for (const id of ['p4', 'p6']) expected.set(id, 'kitchen');
    expected.set('predicted', 'books');
    for (const id of ['p10', 'p12']) expected.delete(id);
    const labels = [...after.learnt].map(([id, { label }]) => [id, label]);
    expect(Object.fromEntries(labels)).to.deep.equal(Object.fromEntries(expected));
    for (const [i, picture] of pictures.entries()) {
      const sample = after.learnt.get(`p${i}`);
      if (sample) expect(sample.picture?.equals(picture), `the picture of p${i}`).to.equal(true);
    }
    expect(after.learnt.get('predicted')?.picture).to.equal(null);
  });

  it('is all that its role may see: no account, no table, no writing', async () => {
    const client = new pg.Client({ connectionString: (await readFile(readerFile, 'utf8')).trim() });
    await client.connect();
    const refused = async (sql: string) =>
      expect(await client.query(sql).catch((error: Error) => error.message), sql).to.match(
        /permission denied/,
      );
    await refused('SELECT * FROM shelfwise_users');
    await refused('SELECT * FROM shelfwise_products');
    await refused('DELETE FROM shelfwise_training_products_v1');
    await client.end();
  });

  it("is the shop's own view where there was one before", async () => {
    const knex = shop.database.ready() as Knex;
    await knex.raw('CREATE DATABASE other');
    const url = Object.assign(new URL(shop.postgres.url), { pathname: '/other' }).href;
    const other = openPool(await writeUrlFile(join(shop.dir, 'other'), url), log);
    await other.raw(`CREATE VIEW shelfwise_training_products_v1 AS SELECT 'theirs' AS product_id`);
    await migrate(other);
    expect(await other('shelfwise_training_products_v1')).to.deep.equal([{ product_id: 'theirs' }]);
    await other.destroy();
  });
});
