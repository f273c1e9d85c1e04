import { keys, StoreUnreachable } from '@shelfwise/trainer-contract';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { collectPictures, graceHours } from './collector.ts';
import { matching, openShop, type Replica, type Shop } from './fixture.ts';
import { keepPicture, pictureOf } from './pictures.ts';

describe('pictures that no product names', () => {
  let shop: Shop;
  let replica: Replica;
  let knex: Knex;
  let colour = 0;
  before(async () => {
    shop = await openShop();
    replica = await shop.replica();
    knex = shop.database.ready() as Knex;
  });
  after(() => shop?.close());

  const never = new AbortController().signal;
  const collect = () => collectPictures(replica.catalogue, never);
  const newPicture = async () => colouredPicture(`rgb(${++colour}, 200, 10)`);
  const create = async (image: Buffer) => {
    const asked = json({ designation: 'spade', image: image.toString('base64') });
    const { status, body } = await replica.call('POST', '/v1/products', asked);
    return { status, id: body.id as string, sha256: pictureOf(image).sha256 };
  };
  const lies = async (sha256: string) =>
    (await shop.store.stat(keys.picture(sha256))) !== undefined;
  /** As if the picture had last been needed so long ago. */
  const age = (sha256: string, hours = graceHours + 1) =>
    knex('shelfwise_pictures')
      .where({ sha256 })
      .update({ needed_at: knex.raw('clock_timestamp() - make_interval(hours => ?)', [hours]) });

  it('go after a week, of products that were deleted or have another one', async () => {
    const [deleted, replaced, kept] = [
      await create(await newPicture()),
      await create(await newPicture()),
      await create(await newPicture()),
    ];
    for (const { sha256 } of [deleted, replaced, kept]) await age(sha256);
    await replica.call('DELETE', `/v1/products/${deleted.id}`, matching('*'));
    const other = json({ image: (await newPicture()).toString('base64') });
    await replica.call('PATCH', `/v1/products/${replaced.id}`, matching('*', other));
    await collect();
    // A snapshot that began before still finds them.
    for (const { sha256 } of [deleted, replaced, kept]) expect(await lies(sha256)).to.equal(true);
    for (const { sha256 } of [deleted, replaced, kept]) await age(sha256);
    await collect();
    expect(await lies(deleted.sha256)).to.equal(false);
    expect(await lies(replaced.sha256)).to.equal(false);
    expect(await lies(kept.sha256)).to.equal(true);
  });

  it('go where the product never came', async () => {
    const picture = pictureOf(await newPicture());
    await keepPicture(shop.database, shop.store, picture);
    await collect();
    expect(await lies(picture.sha256)).to.equal(true);
    await age(picture.sha256);
    await collect();
    expect(await lies(picture.sha256)).to.equal(false);
    expect(await knex('shelfwise_pictures').where({ sha256: picture.sha256 })).to.deep.equal([]);
  });

  it('may come again, but not while they go', async () => {
    const bytes = await newPicture();
    const { sha256 } = pictureOf(bytes);
    await keepPicture(shop.database, shop.store, pictureOf(bytes));
    await age(sha256);
    let meanwhile: { status: number } | undefined;
    const store = {
      ...shop.store,
      async remove(key: string) {
        meanwhile = await create(bytes);
        await shop.store.remove(key);
      },
    };
    await collectPictures({ database: shop.database, store }, never);
    expect(meanwhile?.status).to.equal(503);
    expect(await lies(sha256)).to.equal(false);
    expect((await create(bytes)).status).to.equal(201);
    expect(await lies(sha256)).to.equal(true);
  });

  it('go another time where the store was gone, or who removed them', async () => {
    const picture = pictureOf(await newPicture());
    await keepPicture(shop.database, shop.store, picture);
    await age(picture.sha256);
    const store = { ...shop.store, remove: () => Promise.reject(new Error('gone')) };
    const failed = await collectPictures({ database: shop.database, store }, never).catch((e) => e);
    expect(failed).to.match(/gone/);
    await collect();
    expect(await lies(picture.sha256), 'too early: the first may still be at it').to.equal(true);
    await knex('shelfwise_pictures')
      .where({ sha256: picture.sha256 })
      .update({ doomed_at: knex.raw("clock_timestamp() - interval '11 minutes'") });
    await collect();
    expect(await lies(picture.sha256)).to.equal(false);
  });

  it('may be named again where the store refuses to remove them, and those that were not come to', async () => {
    const refused = new StepError('BadConfiguration', 'AccessDenied');
    const silent = new StoreUnreachable('no answer');
    const ended = new AbortController();
    const end = async () => ended.abort();
    const cases: [string, () => Promise<void>, AbortSignal, number, number][] = [
      ['refused', () => Promise.reject(refused), never, 0, 3],
      ['without an answer', () => Promise.reject(silent), never, 1, 3],
      ['stopped', end, ended.signal, 0, 2],
    ];
    for (const [name, remove, signal, doomed, there] of cases) {
      const images = await Promise.all(
        [0, 120, 240].map((red) =>
          colouredPicture(`rgb(${red}, ${name === 'stopped' ? 200 : 20}, ${name.length * 10})`),
        ),
      );
      const sums = images.map((bytes) => pictureOf(bytes).sha256);
      for (const bytes of images) {
        await keepPicture(shop.database, shop.store, pictureOf(bytes));
        await age(pictureOf(bytes).sha256);
      }
      const store = { ...shop.store, remove };
      // It rejects or not, as the case has it: what it leaves behind counts.
      await collectPictures({ database: shop.database, store }, signal).catch(() => undefined);
      const rows = await knex('shelfwise_pictures').whereIn('sha256', sums);
      expect(rows.length, name).to.equal(there);
      expect(rows.filter((row) => row.doomed_at !== null).length, name).to.equal(doomed);
      const lines = images.map((bytes, i) => ({
        ...{ id: `${name}-${i}`.replaceAll(' ', '-'), designation: 'spade' },
        image: bytes.toString('base64'),
      }));
      const imported = await replica.call('POST', '/v1/products/import', {
        headers: { 'content-type': 'application/x-ndjson' },
        body: lines.map((line) => JSON.stringify(line)).join('\n'),
      });
      expect(imported.status, JSON.stringify(imported.body)).to.equal(200);
      expect(imported.body.created, name).to.equal(3 - doomed);
      expect(imported.body.refused.map(({ part }: { part: string }) => part)).to.deep.equal(
        Array(doomed).fill('image'),
      );
    }
    await knex('shelfwise_pictures').update({ doomed_at: null });
  });

  it('and are named in that moment stay, or the product does not come: never a product without its picture', async () => {
    for (let round = 0; round < 10; round++) {
      const bytes = await newPicture();
      const { sha256 } = pictureOf(bytes);
      await keepPicture(shop.database, shop.store, pictureOf(bytes));
      await age(sha256);
      const [first, second] = await Promise.all([
        create(bytes),
        create(bytes),
        collect(),
        collect(),
      ]);
      for (const { status } of [first, second]) expect(status).to.be.oneOf([201, 503]);
      const named = await knex('shelfwise_products').where({ picture: sha256 });
      if (named.length > 0) expect(await lies(sha256), `round ${round}`).to.equal(true);
    }
  });

  it('are removed a hundred at a time, by one replica at a time', async () => {
    await knex.raw(
      `INSERT INTO shelfwise_pictures (sha256, size, type, needed_at)
       SELECT encode(sha256(i::text::bytea), 'hex'), 1, 'image/png', clock_timestamp() - interval '1 year' FROM generate_series(1, 250) i`,
    );
    await knex.transaction(async (trx) => {
      await trx.raw('SELECT pg_advisory_xact_lock(7435296272)');
      expect(await collect()).to.equal(false);
    });
    expect([await collect(), await collect(), await collect()]).to.deep.equal([true, true, false]);
    expect(await knex('shelfwise_pictures').where({ size: 1 })).to.deep.equal([]);
  });
});
