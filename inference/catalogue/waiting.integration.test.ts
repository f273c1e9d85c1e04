import { expect } from 'chai';
import type { Knex } from 'knex';
import { json } from '../fixtures/requests.ts';
import { openShop, type Shop } from './fixture.ts';
import { countWaiting } from './waiting.ts';

describe('what waits for a prediction', () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop?.close());

  it('is counted, and how long it has waited', async () => {
    const replica = await shop.replica();
    const knex = shop.database.ready() as Knex;
    const count = () => shop.database.query(countWaiting);
    const products = () => knex('shelfwise_products');
    for (const designation of ['spade', 'hose', 'bulb'])
      await replica.call('POST', '/v1/products', json({ designation }));
    await products().update({ prediction_due: false });
    expect(await count()).to.deep.equal({ products: 0, oldestSeconds: 0 });
    await products().whereIn('designation', ['spade', 'hose']).update({ prediction_due: true });
    await products()
      .where({ designation: 'hose' })
      .update({ updated_at: knex.raw("clock_timestamp() - interval '1 hour'") });
    const waiting = await count();
    expect(waiting.products).to.equal(2);
    expect(waiting.oldestSeconds).to.be.within(3_600, 7_200);
  });
});
