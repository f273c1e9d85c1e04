import { productsSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { json } from '../fixtures/requests.ts';
import { createdBy, matching, openShop, type Replica, refused, type Shop } from './fixture.ts';

describe('lists of products', () => {
  let shop: Shop;
  let call: Replica['call'];
  before(async () => {
    shop = await openShop();
    ({ call } = await shop.replica());
  });
  after(() => shop?.close());

  const create = (value: object) => createdBy(call, value);

  it('come by pages, narrowed by label, correction and time', async () => {
    const ids = ['list-a', 'list-B', 'list-c', 'list-d'];
    for (const id of ids) await create({ id, designation: 'spade', category: `of ${id}` });
    const since = (await call('GET', '/v1/products/list-c')).body.updatedAt;
    await call(
      'PUT',
      '/v1/products/list-a/category',
      matching('*', json({ category: 'of list-d' })),
    );
    const list = async (query: string) => {
      const answer = await call('GET', `/v1/products?${query}`);
      expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
      const { products, next } = productsSchema.parse(answer.body);
      return { ids: products.map(({ id }) => id), next };
    };
    const label = encodeURIComponent('of list-d');
    expect((await list(`category=${label}`)).ids).to.deep.equal(['list-a', 'list-d']);
    expect((await list(`category=${label}&corrected=true`)).ids).to.deep.equal(['list-a']);
    expect((await list(`category=${label}&corrected=false`)).ids).to.deep.equal(['list-d']);
    expect((await list(`updatedSince=${since}&limit=500`)).ids).to.have.members([
      'list-a',
      'list-c',
      'list-d',
    ]);
    const all = (await list('limit=500')).ids;
    const paged: string[] = [];
    for (let query = 'limit=3'; query !== ''; ) {
      const { ids: some, next } = await list(query);
      paged.push(...some);
      query = next ? `limit=3&cursor=${next}` : '';
    }
    expect(paged).to.deep.equal(all);
    expect(all).to.deep.equal([...all].sort());
    const wrong: [string, string][] = [
      ['limit=0', 'limit'],
      ['limit=501', 'limit'],
      ['cursor=*', 'cursor'],
      ['corrected=yes', 'corrected'],
      ['updatedSince=yesterday', 'updatedSince'],
      ['updatedSince=0000-01-01T00:00:00Z', 'updatedSince'],
      ['category=%00', 'category'],
    ];
    for (const [query, part] of wrong)
      expect(refused(await call('GET', `/v1/products?${query}`)), query).to.deep.equal([
        422,
        'unusable-part',
        part,
      ]);
  });

  it('have shorter pages where the texts are long', async () => {
    const description = 'x'.repeat(100_000);
    for (let i = 0; i < 45; i++)
      await create({ id: `long-${i}`, designation: 'spade', description, category: 'long' });
    const first = (await call('GET', '/v1/products?category=long&limit=500')).body;
    expect(first.products.length).to.be.within(35, 44);
    const rest = (await call('GET', `/v1/products?category=long&limit=500&cursor=${first.next}`))
      .body;
    expect(first.products.length + rest.products.length).to.equal(45);
    expect(rest.next).to.equal(null);
  });
});
