import { catalogueLimits, importResultSchema, productSchema } from '@shelfwise/inference-contract';
import { keys, StoreUnreachable } from '@shelfwise/trainer-contract';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { Engine } from '../engine/engine.ts';
import { ItemError, OverloadError, WorkerLostError } from '../engine/errors.ts';
import { json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { predictBacklog } from './backlog.ts';
import { openShop, type Replica, type Shop } from './fixture.ts';

describe('an import', () => {
  let shop: Shop;
  let replica: Replica;
  let pictures: string[];
  before(async () => {
    shop = await openShop();
    replica = await shop.replica();
    pictures = await Promise.all(
      ['red', 'green', 'blue'].map(async (colour) =>
        (await colouredPicture(colour)).toString('base64'),
      ),
    );
  });
  after(() => shop?.close());
  const knex = () => shop.database.ready() as Knex;

  const send = (lines: (object | string)[], type = 'application/x-ndjson') =>
    replica.call('POST', '/v1/products/import', {
      headers: { 'content-type': type },
      body: lines
        .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
        .join('\n'),
    });
  const get = async (id: string) =>
    productSchema.parse((await replica.call('GET', `/v1/products/${id}`)).body);
  const products = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...{ id: `p${i}`, designation: `spade ${i}`, category: i % 2 ? 'garden' : 'toys' },
      image: pictures[i % 3],
    }));
  const engineThat = (predict: Engine['predict']) => ({
    ...(replica.catalogue.state.loaded as NonNullable<typeof replica.catalogue.state.loaded>),
    engine: { predict, state: () => ({ queued: 0, workers: 1, alive: 1, busy: 0 }) } as Engine,
  });
  const drain = async (with_ = replica.catalogue) => {
    while (await predictBacklog(with_, AbortSignal.timeout(300_000)));
  };

  it('stores what can be used, tells what cannot, and may be sent again', async () => {
    const lines = products(100);
    const first = await send([
      ...lines,
      '',
      '{"id":"half',
      { id: 'p3', designation: 'the same once more' },
      { id: 'no-name' },
      { id: 'svg', designation: 'x', image: btoa('<svg/>') },
      { designation: 'no id' },
      'null',
    ]);
    expect(first.status, JSON.stringify(first.body)).to.equal(200);
    const result = importResultSchema.parse(first.body);
    expect(result).to.include({ created: 100, replaced: 0, unchanged: 0 });
    expect(result.refused.map(({ line, id, part }) => [line, id, part])).to.deep.equal([
      [102, null, 'body'],
      [103, 'p3', 'id'],
      [104, 'no-name', 'designation'],
      [105, 'svg', 'image'],
      [106, null, 'id'],
      [107, null, 'line'],
    ]);
    expect(await get('p3')).to.deep.include({ prediction: { status: 'pending' }, label: 'garden' });
    expect((await send(lines)).body).to.include({ created: 0, replaced: 0, unchanged: 100 });
    lines[4] = { ...(lines[4] as (typeof lines)[0]), image: pictures[0] };
    expect((await send(lines)).body).to.include({ created: 0, replaced: 1, unchanged: 99 });
    expect(Number((await knex()('shelfwise_pictures').count())[0]?.count)).to.equal(3);
  });

  it('is predicted later, by replicas that share the work, each product once', async () => {
    const before = await get('p3');
    const other = await shop.replica();
    await Promise.all([drain(), drain(other.catalogue)]);
    await other.close();
    const due = await knex()('shelfwise_products').where({ prediction_due: true });
    expect(due).to.deep.equal([]);
    const after = await get('p3');
    expect(after.prediction).to.include({ status: 'done' });
    expect(after.version).to.equal(before.version + 1);
    expect(await knex()('shelfwise_products').max('version as most').first()).to.deep.equal({
      most: 3,
    });
  });

  it('refuses what is too much or of another type', async () => {
    const many = await send(Array(catalogueLimits.importLines + 1).fill('{}'));
    expect([many.status, many.body.part]).to.deep.equal([413, 'body']);
    expect((await send([{}], 'application/json')).status).to.equal(415);
  });

  it('of a product whose picture turns out to be unreadable, or gone, says so', async () => {
    const half = Buffer.from(pictures[0] as string, 'base64').subarray(0, 200);
    await send([{ id: 'half', designation: 'spade', image: half.toString('base64') }]);
    const purple = await colouredPicture('purple');
    await send([{ id: 'gone', designation: 'spade', image: purple.toString('base64') }]);
    const { image } = await get('gone');
    await shop.store.remove(keys.picture(image?.sha256 as string));
    await drain();
    const reasons = await Promise.all(
      ['half', 'gone'].map(async (id) => ((await get(id)).prediction as { reason: string }).reason),
    );
    expect(reasons[0]).to.match(/picture/i);
    expect(reasons[1]).to.match(/gone from the store/);
    expect((await replica.call('GET', '/v1/products/gone/image')).status).to.equal(404);
  });

  it('waits while the model is busy, and while it is not there', async () => {
    await send([{ id: 'busy', designation: 'spade' }]);
    const busy = engineThat(() => Promise.reject(new OverloadError(1)));
    for (const loaded of [undefined, busy])
      for (let i = 0; i < 5; i++)
        await predictBacklog(
          { ...replica.catalogue, state: { ...replica.catalogue.state, loaded } },
          AbortSignal.timeout(300_000),
        );
    expect((await get('busy')).prediction).to.deep.equal({ status: 'pending' });
    await drain();
    expect((await get('busy')).prediction).to.include({ status: 'done' });
  });

  it('gives up on a product over which workers end, after three times', async () => {
    await send([{ id: 'deadly', designation: 'spade' }]);
    let asked = 0;
    const loaded = engineThat(() => {
      asked++;
      return Promise.reject(new WorkerLostError('ended'));
    });
    const with_ = { ...replica.catalogue, state: { ...replica.catalogue.state, loaded } };
    for (let i = 0; i < 6; i++) await predictBacklog(with_, AbortSignal.timeout(300_000));
    expect(asked).to.equal(3);
    expect((await get('deadly')).prediction).to.deep.include({ status: 'none' });
  });

  it('gives up on a product over which whole programs end, after three times, and goes on with those behind it', async () => {
    await send([{ id: 'fatal', designation: 'spade' }]);
    await send(
      Array.from({ length: 9 }, (_, i) => ({ id: `behind${i}`, designation: `spade ${i}` })),
    );
    const { loaded } = replica.catalogue.state;
    let asked = 0;
    // Nothing that this program does later, not even what it gives back, reaches the database.
    const ending = () => {
      let ended = false;
      const loadedThatEnds = engineThat((item, options) => {
        if (item.designation !== 'spade')
          return (loaded as NonNullable<typeof loaded>).engine.predict(item, options);
        asked++;
        ended = true;
        return Promise.reject(new Error('killed'));
      });
      const database: typeof replica.catalogue.database = {
        ...replica.catalogue.database,
        query: (run) =>
          ended ? Promise.reject(new Error('killed')) : replica.catalogue.database.query(run),
      };
      const state = { ...replica.catalogue.state, loaded: loadedThatEnds };
      return { ...replica.catalogue, database, state };
    };
    for (let i = 0; i < 5; i++) {
      // A program that was killed says nothing.
      await predictBacklog(ending(), AbortSignal.timeout(300_000)).catch(() => undefined);
      await knex()('shelfwise_products')
        .whereNotNull('prediction_claimed_at')
        .update({ prediction_claimed_at: knex().raw("clock_timestamp() - interval '3 minutes'") });
    }
    expect(asked).to.equal(3);
    expect((await get('fatal')).prediction).to.deep.include({ status: 'none' });
    await drain();
    for (let i = 0; i < 9; i++)
      expect((await get(`behind${i}`)).prediction, `behind${i}`).to.include({ status: 'done' });
  });

  for (const [name, error, others] of [
    ['refuses one picture', new StepError('BadConfiguration', 'InvalidObjectState'), 'done'],
    ['is away', new StoreUnreachable('no answer'), 'pending'],
  ] as const)
    it(`goes on with the others where the store ${name}`, async () => {
      await drain();
      const image = (await colouredPicture(`rgb(9, 99, ${others.length})`)).toString('base64');
      await send([{ id: `first ${name}`.replaceAll(' ', '-'), designation: 'spade', image }]);
      const other = `other-${others}`;
      await send([{ id: other, designation: 'spade', image: pictures[0] }]);
      const texts = Array.from({ length: 20 }, (_, i) => `text-${others}-${i}`);
      await send(texts.map((id) => ({ id, designation: 'spade' })));
      const first = await get(`first ${name}`.replaceAll(' ', '-'));
      const store: typeof shop.store = {
        ...shop.store,
        read: (key, limit) =>
          others === 'done' && key !== keys.picture(first.image?.sha256 as string)
            ? shop.store.read(key, limit)
            : Promise.reject(error),
      };
      const with_ = { ...replica.catalogue, store };
      const told: unknown[] = [];
      const round = () =>
        predictBacklog(with_, AbortSignal.timeout(300_000), (problem) => told.push(problem.cause));
      const thrown = await (async () => {
        while (await round());
      })().catch((problem: unknown) => problem);
      for (const id of texts) expect((await get(id)).prediction.status, id).to.equal('done');
      expect((await get(other)).prediction.status).to.equal(others);
      expect((await get(first.id)).prediction.status).to.equal('pending');
      if (others === 'done') expect([thrown, told]).to.deep.equal([undefined, [error]]);
      else expect(thrown).to.deep.include({ code: 'pictures-unavailable' });
      await knex()('shelfwise_products').update({ prediction_claimed_at: null });
      await drain();
      expect((await get(first.id)).prediction.status).to.equal('done');
    });

  it('does not write over what was changed while it predicted', async () => {
    await send([{ id: 'raced', designation: 'spade' }]);
    const { loaded } = replica.catalogue.state;
    const slow = engineThat(async (item, options) => {
      await send([{ id: 'raced', designation: 'rake' }]);
      return (loaded as NonNullable<typeof loaded>).engine.predict(item, options);
    });
    await predictBacklog(
      { ...replica.catalogue, state: { ...replica.catalogue.state, loaded: slow } },
      AbortSignal.timeout(300_000),
    );
    expect(await get('raced')).to.deep.include({
      designation: 'rake',
      prediction: { status: 'pending' },
    });
    await drain();
    expect((await get('raced')).prediction).to.include({ status: 'done' });
  });

  it('or not, a product that is created while the model is busy is stored, and predicted later', async () => {
    const { state } = replica.catalogue;
    const { loaded } = state;
    state.loaded = engineThat(() => Promise.reject(new OverloadError(1)));
    const created = await replica.call(
      'POST',
      '/v1/products',
      json({ id: 'later', designation: 'spade' }),
    );
    state.loaded = engineThat(() => Promise.reject(new ItemError('model', 'NaN')));
    const odd = await replica.call(
      'POST',
      '/v1/products',
      json({ id: 'odd', designation: 'spade' }),
    );
    state.loaded = loaded;
    expect([created.status, created.body.prediction.status]).to.deep.equal([201, 'pending']);
    expect([odd.status, odd.body.prediction.status]).to.deep.equal([201, 'none']);
    await drain();
    expect((await get('later')).prediction).to.include({ status: 'done' });
  });
});
