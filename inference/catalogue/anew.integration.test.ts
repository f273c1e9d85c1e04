import { productSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import type { Engine } from '../engine/engine.ts';
import { json } from '../fixtures/requests.ts';
import type { Loaded } from '../http/service.ts';
import { createdBy, matching, openShop, type Replica, refused, type Shop } from './fixture.ts';

const release = 'shop-20261129-030000';

describe('a product that is predicted anew while somebody changes it', () => {
  let shop: Shop;
  let replica: Replica;
  before(async () => {
    shop = await openShop();
    replica = await shop.replica();
  });
  after(() => shop?.close());

  /** What `POST …/prediction` answers where `meanwhile` is done each time that the new release has been asked. */
  async function anew(id: string, meanwhile: (asked: number) => Promise<unknown>) {
    const { state } = replica.catalogue;
    const before = state.loaded as Loaded;
    let asked = 0;
    const predict: Engine['predict'] = async (item, options) => {
      const prediction = await before.engine.predict(item, options);
      await meanwhile(++asked);
      return prediction;
    };
    const engine = { ...before.engine, predict };
    state.loaded = { engine, served: { ...before.served, release } };
    try {
      return await replica.call('POST', `/v1/products/${id}/prediction`);
    } finally {
      state.loaded = before;
    }
  }
  const correct = (id: string, category: string) =>
    replica.call('PUT', `/v1/products/${id}/category`, matching('*', json({ category })));

  it('is answered with what the release that serves makes of it, and keeps the change', async () => {
    const { id } = await createdBy(replica.call, { designation: 'spade' });
    const answer = await anew(id, async (asked) => asked === 1 && correct(id, 'garden'));
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    const product = productSchema.parse(answer.body);
    expect(product).to.include({ label: 'garden', version: 3 });
    expect(product.prediction).to.include({ release });
    expect((await replica.call('GET', `/v1/products/${id}`)).body).to.deep.equal(product);
  });

  it('is told where the others do not stop, never answered with what another release made of it', async () => {
    const { id } = await createdBy(replica.call, { designation: 'spade' });
    const answer = await anew(id, (asked) => correct(id, `c${asked}`));
    expect(refused(answer)).to.deep.equal([412, 'precondition-failed', 'If-Match']);
  });

  it('is told where it was removed', async () => {
    const { id } = await createdBy(replica.call, { designation: 'spade' });
    const answer = await anew(id, () =>
      replica.call('DELETE', `/v1/products/${id}`, matching('*')),
    );
    expect(refused(answer)).to.deep.equal([404, 'not-found', 'id']);
  });
});
