import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDataReport, type Snapshot, StepError, samples } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import pg from 'pg';
import { type PostgresService, startPostgres } from '../../hack/services/postgres.ts';
import { folderForEach } from '../folder.fixture.ts';
import { openCatalog } from './catalog.ts';
import { layOut, snapshotsIn, testIo, testProducts, write } from './fixture.ts';

const view = `CREATE VIEW shelfwise_training_products_v1 AS
  SELECT id AS product_id, name AS designation, text AS description, category, picture AS picture_key FROM products`;

describe('snapshot of a catalogue', () => {
  let postgres: PostgresService;
  let client: pg.Client;
  const folder = folderForEach();
  const { store } = folder;
  const { takeLaid } = snapshotsIn(folder);
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());
  beforeEach(async () => {
    client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await client.query(
      'CREATE TABLE products (id text, name text, text text, category text, picture text)',
    );
    await client.query(view);
    await client.query(
      `DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'reads'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
    await client.query(
      'GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON shelfwise_training_products_v1 TO reader',
    );
  });
  afterEach(() => client.end());

  const readerUrl = () => {
    const url = new URL(postgres.url);
    [url.username, url.password] = ['reader', 'reads'];
    return url.href;
  };

  async function labels(snapshot: Snapshot) {
    const found = new Map<string, string>();
    for (const side of ['train', 'holdout'] as const)
      for await (const { id, class: name } of samples(store(), snapshot, side)) found.set(id, name);
    return found;
  }

  async function take(databaseUrl = readerUrl(), parent?: string) {
    const file = join(folder.path, 'url');
    await writeFile(file, `${databaseUrl}\n`);
    const { io } = await testIo(folder.path, { DATABASE_URL_FILE: file });
    return takeLaid({ from: folder.url('pictures'), source: 'catalog', parent }, io);
  }

  async function fill(count = 20) {
    const products = await testProducts(count);
    for (const { id, designation, description, class: category, picture } of products) {
      await client.query('INSERT INTO products VALUES ($1, $2, $3, $4, $5)', [
        id,
        designation,
        description,
        category,
        `p/${id}.png`,
      ]);
      await write(join(folder.path, 'pictures'), `p/${id}.png`, picture as Buffer);
    }
    return products;
  }

  it('is the same dataset as that of the same products in the Rakuten layout', async () => {
    const products = await fill();
    const snapshot = await take();
    expect(snapshot.source).to.deep.equal({ kind: 'catalog', url: folder.url('pictures') });
    await layOut(join(folder.path, 'rakuten'), products);
    const other = await takeLaid({ from: folder.url('rakuten'), maximumInvalidPercent: 0 });
    expect(other.digest).to.equal(snapshot.digest);
  });

  it('takes products without description and without picture, and names what it cannot use', async () => {
    await fill();
    await client.query(`INSERT INTO products VALUES
      ('a', 'Sans photo', NULL, 'jouet', NULL), ('b', 'Photo perdue', NULL, 'jouet', 'p/lost.png'),
      ('c', NULL, NULL, 'jouet', NULL), ('d', 'Sans classe', NULL, NULL, NULL), ('a', 'Deux fois', NULL, 'jouet', NULL),
      ('e', 'Photo ailleurs', NULL, 'jouet', '../../etc/passwd'), ('f', 'Photo sans nom', NULL, 'jouet', repeat('x', 2000))`);
    const snapshot = await take();
    expect(snapshot.products).to.equal(21);
    expect(
      snapshot.invalid.map(({ column, value, reason }) => [column, value, reason]),
    ).to.have.deep.members([
      ['product_id', 'a', 'is that of row 21 already'],
      ['picture_key', 'p/lost.png', 'names a picture that is missing'],
      ['picture_key', '../../etc/passwd', 'is no key of an object'],
      ['picture_key', `${'x'.repeat(120)}…`, 'is no key of an object'],
      ['designation', '', 'is empty'],
      ['category', '', 'is empty'],
    ]);
  });

  it('reads thousands of rows as of one moment, while the shop goes on writing', async () => {
    await client.query(
      `INSERT INTO products SELECT i::text, 'n' || i, NULL, 'c' || i % 2, NULL FROM generate_series(1, 3000) i`,
    );
    const file = join(folder.path, 'url');
    await writeFile(file, readerUrl());
    const rows = openCatalog(folder.url('p'), { region: 'x', forcePathStyle: false }, file).rows();
    const seen = [(await rows.next()).value?.id];
    await client.query('DELETE FROM products WHERE id > $1', ['2']);
    for await (const row of rows) seen.push(row.id);
    expect(new Set(seen).size).to.equal(3000);
  });

  describe('of a shop whose people correct categories', () => {
    /** As a shop's own tables may be: what was predicted, what people said of it, and where the picture lies. */
    const tables = `
      CREATE TABLE items (id bigint PRIMARY KEY, title text NOT NULL, body text, picture text, deleted_at timestamptz);
      CREATE TABLE categories (item bigint, category text, source text, at timestamptz);
      DROP VIEW shelfwise_training_products_v1;
      CREATE VIEW shelfwise_training_products_v1 AS
        SELECT i.id::text AS product_id, i.title AS designation, i.body AS description, c.category, i.picture AS picture_key
        FROM items i JOIN LATERAL (
          SELECT category FROM categories c WHERE c.item = i.id AND c.source <> 'prediction'
          ORDER BY (c.source = 'correction') DESC, c.at DESC LIMIT 1
        ) c ON true
        WHERE i.deleted_at IS NULL;
      GRANT SELECT ON shelfwise_training_products_v1 TO reader`;

    const say = (id: string, category: string, source: string, at: string) =>
      client.query('INSERT INTO categories VALUES ($1, $2, $3, $4)', [id, category, source, at]);

    async function stock() {
      await client.query(tables);
      const products = await testProducts(20);
      for (const { id, designation, description, class: category, picture } of products) {
        const key = `p/${id}.png`;
        await client.query('INSERT INTO items VALUES ($1, $2, $3, $4)', [
          id,
          designation,
          description,
          key,
        ]);
        await say(id, category, 'import', '2026-01-01');
        await write(join(folder.path, 'pictures'), key, picture as Buffer);
      }
      return products;
    }

    it('a correction wins, the last of several; a prediction teaches nothing', async () => {
      const products = await stock();
      await say('1000', 'jeu', 'correction', '2026-02-01');
      await say('1000', 'jouet', 'correction', '2026-03-01');
      await say('1001', 'livre', 'correction', '2026-02-01');
      await say('1001', 'faux', 'import', '2026-04-01');
      await client.query(`INSERT INTO items VALUES (1, 'Nouveau', NULL, NULL)`);
      await say('1', 'livre', 'prediction', '2026-05-01');
      await client.query(`UPDATE items SET deleted_at = now() WHERE id = 1002`);
      const snapshot = await take();
      const found = await labels(snapshot);
      expect(found.size).to.equal(19);
      expect(found.get('1000')).to.equal('jouet');
      expect(found.get('1001')).to.equal('livre');
      expect([found.has('1'), found.has('1002')]).to.deep.equal([false, false]);
      for (const { id, class: category } of products.slice(3))
        expect(found.get(id)).to.equal(category);
    });

    it('a correction makes another dataset, whose report tells it', async () => {
      await stock();
      const first = await take();
      await say('1007', 'livre', 'correction', '2026-02-01');
      const second = await take(readerUrl(), first.digest);
      expect(second.digest).not.to.equal(first.digest);
      const { changes } = await readDataReport(store(), second);
      expect(changes?.relabelled?.moves).to.deep.equal([
        { from: 'jouet', to: 'livre', products: 1 },
      ]);
      expect(changes?.relabelled?.examples.map(({ id }) => id)).to.deep.equal(['1007']);
    });
  });

  const failures: [string, () => Promise<unknown>, string, RegExp][] = [
    [
      'no view',
      () => client.query('DROP VIEW shelfwise_training_products_v1'),
      'BadConfiguration',
      /^The database has no view shelfwise_training_products_v1: .*does not exist\.$/,
    ],
    [
      'a view without a column',
      () =>
        client.query(
          'DROP VIEW shelfwise_training_products_v1; CREATE VIEW shelfwise_training_products_v1 AS SELECT id AS product_id FROM products; GRANT SELECT ON shelfwise_training_products_v1 TO reader',
        ),
      'BadConfiguration',
      /lacks a column: column "designation" does not exist/,
    ],
    [
      'a column that is no text',
      () =>
        client.query(
          'DROP VIEW shelfwise_training_products_v1; CREATE VIEW shelfwise_training_products_v1 AS SELECT 1 AS product_id, name AS designation, text AS description, category, picture AS picture_key FROM products; GRANT SELECT ON shelfwise_training_products_v1 TO reader',
        ),
      'BadConfiguration',
      /has a column that is not text/,
    ],
    [
      'no right to read',
      () => client.query('REVOKE SELECT ON shelfwise_training_products_v1 FROM reader'),
      'BadConfiguration',
      /may not read shelfwise_training_products_v1/,
    ],
    ['an empty view', async () => undefined, 'BadData', /^There is no product in file:/],
  ];
  for (const [name, spoil, reason, sentence] of failures) {
    it(`fails for ${name} and says so`, async () => {
      await spoil();
      const error = (await take().catch((e: unknown) => e)) as StepError;
      expect(error).to.be.instanceOf(StepError).with.property('reason', reason);
      expect(error.message).to.match(sentence);
    });
  }

  const urls: [string, (url: URL) => string, string, RegExp][] = [
    [
      'no such database',
      (url) => Object.assign(url, { pathname: '/nowhere' }).href,
      'BadConfiguration',
      /There is no such database/,
    ],
    [
      'a database that does not answer',
      (url) => Object.assign(url, { port: '1' }).href,
      'StoreUnreachable',
      /database cannot be read: .*ECONNREFUSED/,
    ],
    ['no URL', () => 'hunter2', 'BadConfiguration', /^The database URL is none: write postgres:/],
  ];
  for (const [name, change, reason, sentence] of urls) {
    it(`fails for ${name} and does not tell the password`, async () => {
      const error = (await take(change(new URL(readerUrl()))).catch(
        (e: unknown) => e,
      )) as StepError;
      expect(error).to.be.instanceOf(StepError).with.property('reason', reason);
      expect(error.message)
        .to.match(sentence)
        .and.not.to.match(/reads|hunter2/);
    });
  }

  it('fails where no database was named', async () => {
    const options = { from: folder.url('p'), source: 'catalog' as const };
    expect(await takeLaid(options).catch((e: unknown) => e)).to.match(/set DATABASE_URL_FILE/);
  });
});
