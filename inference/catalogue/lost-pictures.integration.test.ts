import { keys, openStore, type Store, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { form, json } from '../fixtures/requests.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { predictBacklog } from './backlog.ts';
import { createdBy, matching, openShop, type Replica, type Shop } from './fixture.ts';

describe('a picture that somebody removed from the store', () => {
  let shop: Shop;
  let s3: S3Service;
  let store: Store;
  let replica: Replica;
  before(async () => {
    [shop, s3] = await Promise.all([openShop(), startVersitygw()]);
    store = openStore(`s3://${s3.bucket}/models/shop/products`, storeSettingsFromEnv(s3.env));
    replica = await shop.replica({ store });
  });
  after(async () => {
    await shop?.close();
    await s3?.stop();
  });

  const text = { designation: 'spade', category: 'garden' };
  const imported = (id: string, image: Buffer) =>
    replica.call('POST', '/v1/products/import', {
      headers: { 'content-type': 'application/x-ndjson' },
      body: JSON.stringify({ id, ...text, image: image.toString('base64') }),
    });
  const ways: [string, (id: string, image: Buffer) => ReturnType<Replica['call']>][] = [
    [
      'PUT',
      (id, image) =>
        replica.call(
          'PUT',
          `/v1/products/${id}`,
          matching('"1"', form(['designation', 'spade'], ['category', 'garden'], ['image', image])),
        ),
    ],
    [
      'PATCH',
      (id, image) =>
        replica.call(
          'PATCH',
          `/v1/products/${id}`,
          matching('"1"', json({ image: image.toString('base64') })),
        ),
    ],
    ['import', imported],
  ];
  for (const [i, [name, again]] of ways.entries())
    it(`is there again when the product is sent with it again (${name}), and the product is as it was`, async () => {
      const image = await colouredPicture(`rgb(${i}, 1, 1)`);
      const sent = { ...text, image: image.toString('base64') };
      const product = await createdBy(replica.call, sent);
      const key = keys.picture(product.image?.sha256 as string);
      await store.remove(key);
      const path = `/v1/products/${product.id}`;
      expect((await replica.call('GET', `${path}/image`)).body.detail).to.match(/send the product/);
      expect((await again(product.id, image)).status).to.equal(200);
      expect((await store.read(key)).equals(image)).to.equal(true);
      const { etag, ...before } = product;
      const after = await replica.call('GET', path);
      expect([after.headers.get('etag'), after.body]).to.deep.equal([etag, before]);
    });

  it('is predicted then, where it was gone when its turn came', async () => {
    const image = await colouredPicture('rgb(9, 1, 1)');
    await imported('gone', image);
    const get = async () => (await replica.call('GET', '/v1/products/gone')).body;
    const drain = async () => {
      while (await predictBacklog(replica.catalogue, AbortSignal.timeout(300_000)));
    };
    await store.remove(keys.picture((await get()).image.sha256));
    await drain();
    expect((await get()).prediction).to.include({ status: 'none' });
    await imported('gone', image);
    await drain();
    expect((await get()).prediction).to.include({ status: 'done' });
  });
});
