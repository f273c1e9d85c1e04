import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { productSchema } from '@shelfwise/inference-contract';
import { openStore } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { form, json } from '../fixtures/requests.ts';
import { served, testService } from '../fixtures/service.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { predictBacklog } from './backlog.ts';
import { createdBy, matching, openShop, type Replica, refused, type Shop } from './fixture.ts';

describe('products', () => {
  let shop: Shop;
  let replica: Replica;
  let call: Replica['call'];
  let red: Buffer;

  before(async () => {
    shop = await openShop();
    replica = await shop.replica();
    call = replica.call;
    red = await colouredPicture('red');
  });
  after(() => shop?.close());

  const create = (value: object) => createdBy(call, value);

  it('are created with what the release makes of them, and are found again', async () => {
    const answer = await call(
      'POST',
      '/v1/products',
      form(['id', 'spade-1'], ['designation', 'spade'], ['category', 'garden'], ['image', red]),
    );
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    const product = productSchema.parse(answer.body);
    expect(answer.headers.get('location')).to.equal('/v1/products/spade-1');
    expect(answer.headers.get('etag')).to.equal('"1"');
    expect(product).to.deep.include({
      ...{ id: 'spade-1', designation: 'spade', description: null, version: 1 },
      ...{ category: 'garden', correction: null, label: 'garden' },
    });
    expect(product.prediction).to.include({
      ...{ status: 'done', release: served.release, digest: served.digest },
    });
    if (product.prediction.status !== 'done') throw new Error('not predicted');
    expect(product.prediction.classes[0]).to.deep.equal({
      class: product.prediction.class,
      probability: product.prediction.probability,
    });
    expect(product.image).to.include({ size: red.length, type: 'image/jpeg' });

    const again = await call('GET', '/v1/products/spade-1');
    expect(again.body).to.deep.equal(product);
    expect(again.headers.get('etag')).to.equal('"1"');
    const known = { headers: { 'if-none-match': '"1"' } };
    expect((await call('GET', '/v1/products/spade-1', known)).status).to.equal(304);

    const picture = await fetch(`${replica.service.url}/v1/products/spade-1/image`, {
      headers: { authorization: await replica.service.authorizationOf('catalogue') },
    });
    expect(picture.headers.get('content-type')).to.equal('image/jpeg');
    expect(Buffer.from(await picture.arrayBuffer()).equals(red)).to.equal(true);
    const tag = { headers: { 'if-none-match': picture.headers.get('etag') ?? '' } };
    expect((await call('GET', '/v1/products/spade-1/image', tag)).status).to.equal(304);
  });

  it('are given an id where they have none, and may be the same in JSON', async () => {
    const one = await create({ designation: 'spade', image: red.toString('base64') });
    const other = await create({ designation: 'spade', image: red.toString('base64') });
    expect(one.id).to.not.equal(other.id);
    expect(one.prediction).to.deep.include({ status: 'done' });
    expect(one.label).to.equal(null);
  });

  it('are refused where something of them cannot be, naming it', async () => {
    const good = { designation: 'spade' };
    const cases: [string, ReturnType<typeof json>, unknown[]][] = [
      ['an id that is taken', json({ ...good, id: 'spade-1' }), [409, 'conflict', 'id']],
      ['an id of no path', json({ ...good, id: 'a/b' }), [422, 'unusable-part', 'id']],
      ['no designation', json({ description: 'x' }), [422, 'unusable-part', 'designation']],
      ['a blank one', json({ designation: ' \t' }), [422, 'unusable-part', 'designation']],
      [
        'a long one',
        json({ designation: 'x'.repeat(2001) }),
        [422, 'unusable-part', 'designation'],
      ],
      ['NUL', json({ ...good, description: 'a\0b' }), [422, 'unusable-part', 'description']],
      ['half a pair', json('{"designation":"\\ud800"}'), [422, 'unusable-part', 'designation']],
      [
        'a long category',
        json({ ...good, category: 'c'.repeat(201) }),
        [422, 'unusable-part', 'category'],
      ],
      ['no base64', json({ ...good, image: '!' }), [422, 'unusable-part', 'image']],
      ['an empty image', json({ ...good, image: '' }), [422, 'unusable-part', 'image']],
      ['SVG', json({ ...good, image: btoa('<svg/>') }), [422, 'unusable-part', 'image']],
      [
        'half a JPEG',
        form(['designation', 'x'], ['image', red.subarray(0, 200)]),
        [422, 'unusable-part', 'image'],
      ],
      ['an unknown field', json({ ...good, price: 1 }), [400, 'unknown-part', 'price']],
      [
        'an unknown part',
        form(['designation', 'x'], ['price', '1']),
        [400, 'unknown-part', 'price'],
      ],
      [
        'a part twice',
        form(['designation', 'x'], ['designation', 'y']),
        [400, 'duplicate-part', 'designation'],
      ],
      ['no JSON', json('{'), [400, 'bad-request', 'body']],
      [
        'another type',
        { body: 'x', headers: { 'content-type': 'text/plain' } },
        [415, 'unsupported-media-type', 'Content-Type'],
      ],
    ];
    const before = (await call('GET', '/v1/products')).body.products.length;
    for (const [name, asked, wanted] of cases)
      expect(refused(await call('POST', '/v1/products', asked)), name).to.deep.equal(wanted);
    expect((await call('GET', '/v1/products')).body.products.length).to.equal(before);
  });

  it('are for callers with the role catalogue', async () => {
    const ask = async (authorization?: string) =>
      (
        await fetch(`${replica.service.url}/v1/products`, {
          headers: authorization ? { authorization } : {},
        })
      ).status;
    expect(await ask()).to.equal(401);
    expect(await ask(await replica.service.authorizationOf('predict'))).to.equal(403);
    expect(await ask(await replica.service.authorizationOf('admin'))).to.equal(200);
  });

  it('change only in the version that was seen, and are predicted anew where it matters', async () => {
    const { id, etag, prediction } = await create({ designation: 'spade', category: 'garden' });
    const path = `/v1/products/${id}`;
    const patch = json({ category: 'tools' });
    expect(refused(await call('PATCH', path, patch))).to.deep.equal([
      428,
      'precondition-required',
      'If-Match',
    ]);
    for (const tag of ['"7"', 'W/"1"', 'nonsense'])
      expect(refused(await call('PATCH', path, matching(tag, patch)))).to.deep.equal([
        412,
        'precondition-failed',
        'If-Match',
      ]);
    const patched = await call('PATCH', path, matching(etag, patch));
    expect(patched.status).to.equal(200);
    expect(patched.headers.get('etag')).to.equal('"2"');
    expect(patched.body).to.deep.include({ category: 'tools', label: 'tools', prediction });
    expect((await call('PATCH', path, matching(etag, patch))).status).to.equal(412);
    // Nothing new is no new version.
    expect((await call('PATCH', path, matching('*', patch))).headers.get('etag')).to.equal('"2"');

    const withPicture = await call(
      'PATCH',
      path,
      matching('"1", "2"', json({ image: red.toString('base64') })),
    );
    expect(withPicture.body.prediction.image).to.not.equal(null);
    expect(withPicture.body.image.size).to.equal(red.length);
    const words = await call('PATCH', path, matching('*', json({ designation: 'shovel' })));
    expect(words.body.prediction.image).to.deep.equal(withPicture.body.prediction.image);
    expect(words.body.prediction.at).to.not.equal(withPicture.body.prediction.at);

    const put = await call('PUT', path, matching('"4"', json({ designation: 'rake' })));
    expect(put.body).to.deep.include({
      ...{ designation: 'rake', category: null, image: null, version: 5 },
    });
    expect(put.body.prediction).to.include({ image: null });
    expect(
      (await call('PUT', path, matching('*', form(['designation', 'rake'], ['image', red])))).body
        .image.size,
    ).to.equal(red.length);
    expect(refused(await call('GET', `${path}x`))).to.deep.equal([404, 'not-found', 'id']);
    expect(refused(await call('PATCH', `${path}x`, matching('*', patch)))).to.deep.equal([
      404,
      'not-found',
      'id',
    ]);

    expect(refused(await call('DELETE', path))).to.deep.equal([
      428,
      'precondition-required',
      'If-Match',
    ]);
    expect((await call('DELETE', path, matching('"1"'))).status).to.equal(412);
    expect((await call('DELETE', path, matching('"6"'))).status).to.equal(204);
    expect((await call('GET', path)).status).to.equal(404);
    expect((await call('DELETE', path, matching('*'))).status).to.equal(404);
  });

  it('are predicted anew by the release that serves now, when somebody asks', async () => {
    const { id, prediction } = await create({
      designation: 'spade',
      image: red.toString('base64'),
    });
    const { state } = replica.catalogue;
    const { loaded } = state;
    if (!loaded) throw new Error('no model');
    const release = 'shop-20261129-030000';
    const path = `/v1/products/${id}/prediction`;
    state.loaded = { ...loaded, served: { ...loaded.served, release } };
    const anew = await call('POST', path);
    expect(anew.status, JSON.stringify(anew.body)).to.equal(200);
    expect(anew.body.prediction).to.deep.include({
      ...prediction,
      release,
      at: anew.body.prediction.at,
    });
    expect(anew.headers.get('etag')).to.equal('"2"');
    state.loaded = undefined;
    expect(refused(await call('POST', path))[1]).to.equal('not-ready');
    state.loaded = loaded;
    expect(refused(await call('POST', '/v1/products/none/prediction'))).to.deep.equal([
      404,
      'not-found',
      'id',
    ]);
  });

  it('whose words the model does not know are stored, and say so', async () => {
    const { prediction } = await create({ designation: '\u0301' });
    expect(prediction).to.deep.equal({
      status: 'none',
      reason: 'The text holds no word that the model knows, and there is no image.',
    });
  });

  it("are not there for another ModelRelease's service, whose background work leaves them alone", async () => {
    const elsewhere = pathToFileURL(join(shop.dir, 'other')).href;
    const store = openStore(elsewhere, { region: 'none', forcePathStyle: false });
    const other = await shop.replica({ store });
    expect(refused(await other.call('GET', '/v1/products'))).to.deep.equal([
      404,
      'no-catalogue',
      undefined,
    ]);
    const line = JSON.stringify({
      id: 'ours',
      designation: 'spade',
      image: red.toString('base64'),
    });
    const headers = { 'content-type': 'application/x-ndjson' };
    await call('POST', '/v1/products/import', { headers, body: line });
    await predictBacklog(other.catalogue, AbortSignal.timeout(300_000));
    await other.close();
    expect((await call('GET', '/v1/products/ours')).body.prediction.status).to.equal('pending');
    while (await predictBacklog(replica.catalogue, AbortSignal.timeout(300_000)));
    expect((await call('GET', '/v1/products/ours')).body.prediction.status).to.equal('done');
  });

  it('are there for another ModelRelease as soon as the catalogue is handed over to it', async () => {
    const elsewhere = pathToFileURL(join(shop.dir, 'heir')).href;
    const store = openStore(elsewhere, { region: 'none', forcePathStyle: false });
    const heir = await shop.replica({ store });
    const owned = (url: string) =>
      heir.catalogue.database.query((knex) => knex('shelfwise_catalogue').update({ store: url }));
    expect((await heir.call('GET', '/v1/products')).status).to.equal(404);
    await owned(store.url);
    expect((await heir.call('GET', '/v1/products')).status).to.equal(200);
    await owned(replica.catalogue.store.url);
    await heir.close();
  });

  it('are not there where the service has no database', async () => {
    const bare = await testService();
    const headers = { authorization: await bare.authorizationOf('catalogue') };
    const answer = await fetch(`${bare.url}/v1/products`, { headers });
    expect(answer.status).to.equal(404);
    expect(((await answer.json()) as { type: string }).type).to.match(/no-catalogue$/);
    await bare.close();
  });
});
