import { correctionsSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { json } from '../fixtures/requests.ts';
import { served } from '../fixtures/service.ts';
import { createdBy, matching, openShop, type Replica, refused, type Shop } from './fixture.ts';

describe('products that people correct', () => {
  let shop: Shop;
  let call: Replica['call'];
  before(async () => {
    shop = await openShop();
    ({ call } = await shop.replica());
  });
  after(() => shop?.close());

  const create = (value: object) => createdBy(call, value);

  it('have a label that says by whom and from what, and may be taken back', async () => {
    const { id, prediction } = await create({ designation: 'spade', category: 'toys' });
    const path = `/v1/products/${id}/category`;
    const put = (category: unknown, tag: string) =>
      call('PUT', path, matching(tag, json({ category })));
    expect((await call('PUT', path, json({ category: 'x' }))).status).to.equal(428);
    expect(refused(await put(' ', '*'))).to.deep.equal([422, 'unusable-part', 'category']);
    const first = await put('garden', '"1"');
    expect(first.status, JSON.stringify(first.body)).to.equal(200);
    expect(first.body).to.deep.include({ category: 'toys', label: 'garden', version: 2 });
    expect(first.body.correction).to.deep.include({
      category: 'garden',
      from: {
        label: 'toys',
        predicted: (prediction as { class: string }).class,
        release: served.release,
      },
      by: { kind: 'account', id: 'id-1', name: 'ada' },
    });
    expect((await put('kitchen', '"1"')).status).to.equal(412);
    expect((await put('garden', '*')).headers.get('etag')).to.equal('"2"');
    await put('kitchen', '"2"');
    // A correction outlives a change of the product.
    const renamed = await call(
      'PATCH',
      `/v1/products/${id}`,
      matching('"3"', json({ designation: 'pan' })),
    );
    expect(renamed.body).to.include({ label: 'kitchen', version: 4 });
    const back = await call('DELETE', path, matching('"4"'));
    expect(back.body).to.deep.include({ label: 'toys', correction: null });
    expect(refused(await call('DELETE', path, matching('*')))).to.deep.equal([
      404,
      'not-found',
      'category',
    ]);

    const history = `/v1/products/${id}/corrections`;
    const page1 = correctionsSchema.parse((await call('GET', `${history}?limit=2`)).body);
    expect(page1.corrections.map(({ category, from }) => [category, from.label])).to.deep.equal([
      [null, 'kitchen'],
      ['kitchen', 'garden'],
    ]);
    const page2 = correctionsSchema.parse(
      (await call('GET', `${history}?limit=2&cursor=${page1.next}`)).body,
    );
    expect(page2.corrections.map(({ category }) => category)).to.deep.equal(['garden']);
    expect(page2.next).to.equal(null);
    expect((await call('GET', '/v1/products/none/corrections')).status).to.equal(404);
  });
});
