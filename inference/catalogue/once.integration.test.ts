import { expect } from 'chai';
import type { Knex } from 'knex';
import { issueToken } from '../auth/account-tokens.ts';
import { form, json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { type Answer, matching, openShop, type Replica, type Shop } from './fixture.ts';
import { forget } from './idempotency.ts';

describe('what is asked twice of the catalogue, by two replicas', () => {
  let shop: Shop;
  let replicas: Replica[];
  let knex: Knex;
  before(async () => {
    shop = await openShop();
    replicas = await Promise.all([shop.replica(), shop.replica()]);
    knex = shop.database.ready() as Knex;
  });
  after(() => shop?.close());

  const keyed = (key: string, asked: ReturnType<typeof json | typeof form>) => ({
    ...asked,
    headers: { ...asked.headers, 'idempotency-key': key },
  });
  const at = (i: number) => replicas[i % replicas.length] as Replica;
  const post = (i: number, asked: ReturnType<typeof json>) =>
    at(i).call('POST', '/v1/products', asked);
  const count = async () => Number((await knex('shelfwise_products').count())[0]?.count);
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status).toSorted();

  it('is done once under one key, and answered alike', async () => {
    const before = await count();
    const asked = keyed('a-key', json({ designation: 'spade' }));
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => post(i, asked)));
    expect(statuses(answers)).to.deep.equal(Array(12).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).to.equal(1);
    expect(await count()).to.equal(before + 1);
    // Whatever became of the product since, and in another form of the same.
    const id = answers[0]?.body.id;
    await at(0).call('PATCH', `/v1/products/${id}`, matching('*', json({ category: 'garden' })));
    const later = await post(1, keyed('a-key', form(['designation', 'spade'])));
    expect(later.body).to.deep.equal(answers[0]?.body);
    expect(later.headers.get('etag')).to.equal('"1"');
  });

  it('is refused where another product has the key, but not from another caller', async () => {
    const { body } = await post(0, keyed('a-key', json({ designation: 'rake' })));
    expect([body.status, body.type.split('/').at(-1), body.part]).to.deep.equal([
      ...[422, 'idempotency-key-reused', 'Idempotency-Key'],
    ]);
    const picture = (await colouredPicture('blue')).toString('base64');
    expect((await post(0, keyed('p', json({ designation: 'x' })))).status).to.equal(201);
    expect((await post(1, keyed('p', json({ designation: 'x', image: picture })))).status).to.equal(
      422,
    );
    expect((await post(1, keyed('a b', json({ designation: 'x' })))).body.part).to.equal(
      'idempotency-key',
    );
    const { service } = at(0);
    const other = await issueToken(service.keys, { id: 'id-2', name: 'bob', roles: ['catalogue'] });
    const asked = keyed('a-key', json({ designation: 'rake' }));
    const headers = { ...asked.headers, authorization: `Bearer ${other}` };
    expect((await post(0, { ...asked, headers })).status).to.equal(201);
  });

  it('is not remembered where it was refused', async () => {
    const asked = keyed('again', json({ id: 'taken', designation: 'spade' }));
    await post(0, json({ id: 'taken', designation: 'spade' }));
    expect((await post(0, asked)).status).to.equal(409);
    await at(0).call('DELETE', '/v1/products/taken', matching('*'));
    expect((await post(0, asked)).status).to.equal(201);
  });

  it('is forgotten after a day', async () => {
    const asked = keyed('old', json({ designation: 'spade' }));
    const { body } = await post(0, asked);
    const age = () =>
      knex('shelfwise_idempotency')
        .where({ key: 'old' })
        .update({ created_at: knex.raw("clock_timestamp() - interval '25 hours'") });
    await age();
    const anew = await post(1, keyed('old', json({ designation: 'rake' })));
    expect(anew.status).to.equal(201);
    expect(anew.body.id).to.not.equal(body.id);
    await age();
    expect(await forget(knex, 100)).to.equal(1);
    expect(await knex('shelfwise_idempotency').where({ key: 'old' })).to.deep.equal([]);
  });

  it('without a key makes one product of one id', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => post(i, json({ id: 'one', designation: `spade ${i}` }))),
    );
    expect(statuses(answers)).to.deep.equal([201, ...Array(9).fill(409)]);
  });

  it('changes each version of a product once', async () => {
    const { body } = await post(0, json({ designation: 'spade' }));
    const path = `/v1/products/${body.id}`;
    const blue = (await colouredPicture('blue')).toString('base64');
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, (_, i) =>
        at(i).call(
          'PATCH',
          path,
          matching('"1"', json({ designation: `spade ${i}`, image: blue })),
        ),
      ),
      ...Array.from({ length: 6 }, (_, i) =>
        at(i).call('PUT', `${path}/category`, matching('"1"', json({ category: `c${i}` }))),
      ),
    ]);
    expect(statuses(answers)).to.deep.equal([200, ...Array(11).fill(412)]);
    expect((await at(0).call('GET', path)).body.version).to.equal(2);
  });

  it('loses nothing of changes that name no version', async () => {
    const { body } = await post(0, json({ designation: 'spade' }));
    const path = `/v1/products/${body.id}`;
    const patches = [{ designation: 'rake' }, { category: 'garden' }, { description: 'of ash' }];
    const answers = await Promise.all(
      patches.map((patch, i) => at(i).call('PATCH', path, matching('*', json(patch)))),
    );
    expect(statuses(answers)).to.deep.equal([200, 200, 200]);
    expect((await at(0).call('GET', path)).body).to.include({
      ...Object.assign({}, ...patches),
      version: 4,
    });
  });
});
