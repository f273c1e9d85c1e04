import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDataReport, type Sample, type Snapshot, samples } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import { snapshotsIn, type TestProduct, testProducts, write } from './fixture.ts';

describe('a snapshot of a catalogue', () => {
  const folder = folderForEach();
  const { store } = folder;
  const { lay, take, takeLaid } = snapshotsIn(folder);
  const side = (snapshot: Snapshot, name: 'train' | 'holdout'): Promise<Sample[]> =>
    Array.fromAsync(samples(store(), snapshot, name, { scratchDir: folder.path }));
  const of = (snapshot: Snapshot, name: string) =>
    snapshot.classes.find((entry) => entry.class === name);

  it('with a class of one product learns from that product', async () => {
    const products: TestProduct[] = await testProducts(21);
    Object.assign(products[20] as TestProduct, { class: 'seul' });
    expect(of(await take(products), 'seul')).to.deep.equal({ class: 'seul', train: 1, holdout: 0 });
  });

  it('with a class of two products holds one of them out', async () => {
    const products: TestProduct[] = await testProducts(22);
    for (const product of products.slice(20)) product.class = 'paire';
    expect(of(await take(products), 'paire')).to.deep.equal({
      class: 'paire',
      train: 1,
      holdout: 1,
    });
  });

  it('with a class whose products are all alike keeps them on one side', async () => {
    const products: TestProduct[] = await testProducts(26);
    for (const product of products.slice(20))
      Object.assign(product, { class: 'même', designation: 'Même', description: '' });
    expect(of(await take(products), 'même')).to.deep.equal({ class: 'même', train: 6, holdout: 0 });
  });

  it('with two pictures of one product takes the first by name', async () => {
    const products = await testProducts();
    const [id, shown, other] = [products[3]?.id, products[3]?.picture, products[4]?.picture];
    await lay(products);
    const twin = (name: string) =>
      write(
        join(folder.path, 'from', 'images'),
        `${name}/image_${id}9_product_${id}.png`,
        other as Buffer,
      );
    const first = await takeLaid();
    // Whatever the order in which a folder lists them.
    for (const name of ['zz', 'image_trainer', 'image_train2']) await twin(name);
    expect((await takeLaid()).digest).to.equal(first.digest);
    const all = [...(await side(first, 'train')), ...(await side(first, 'holdout'))];
    expect(all.find((sample) => sample.id === id)?.picture).to.deep.equal(shown);
    await twin('a');
    expect((await takeLaid()).digest).not.to.equal(first.digest);
  });

  it('without any description gives none', async () => {
    const products = (await testProducts(20)).map((product) => ({ ...product, description: ' ' }));
    const snapshot = await take(products);
    const all = [...(await side(snapshot, 'train')), ...(await side(snapshot, 'holdout'))];
    expect(all.map(({ description }) => description)).to.deep.equal(Array(20).fill(null));
    const { missing, texts } = await readDataReport(store(), snapshot);
    expect([missing.description, texts.description]).to.deep.equal([20, null]);
  });

  it('whose table is not UTF-8 says so, and has no class or id of lost letters', async () => {
    const products: TestProduct[] = await testProducts(20);
    Object.assign(products[1] as TestProduct, { designation: 'Été' });
    Object.assign(products[2] as TestProduct, { class: 'été' });
    await lay(products);
    for (const name of ['X_train.csv', 'Y_train.csv']) {
      const path = join(folder.path, 'from', name);
      await writeFile(path, Buffer.from(await readFile(path, 'utf8'), 'latin1'));
    }
    const snapshot = await takeLaid();
    // Each description has a letter of its own that is lost.
    expect((await readDataReport(store(), snapshot)).texts.damaged).to.equal(19);
    expect(snapshot.invalid.map(({ row, column, reason }) => [row, column, reason])).to.deep.equal([
      [3, 'prdtypecode', 'has letters that are not UTF-8'],
    ]);
  });

  it('never holds out what train has lost since: its label could not be learned', async () => {
    const products: TestProduct[] = await testProducts(24);
    for (const product of products.slice(20)) product.class = 'rare';
    const first = await take(products);
    const held = await side(first, 'holdout');
    const kept = held.find((sample) => sample.class === 'rare')?.id;
    const left = products.filter((product) => product.class !== 'rare' || product.id === kept);
    const second = await take(left, first);
    expect(of(second, 'rare')).to.equal(undefined);
    expect(second.invalid).to.deep.equal([
      {
        row: left.findIndex(({ id }) => id === kept) + 1,
        column: 'prdtypecode',
        value: 'rare',
        reason: 'is a class of which no product is in train',
      },
    ]);
  });

  it('counts the groups of what it keeps, also where the first product is left out', async () => {
    const products = (await testProducts(20)).map((product, i) => ({
      ...product,
      ...(i === 0 && { class: 'neuf' }),
      split: i % 5 === 0 ? 'holdout' : 'train',
    }));
    const { products: kept, counts } = await take(products);
    expect([kept, counts.groups, counts.invalid]).to.deep.equal([19, 19, 1]);
  });

  it('that holds nothing out by its own split is refused', async () => {
    const products = (await testProducts(20)).map((product) => ({ ...product, split: 'train' }));
    const error = await take(products).catch((e: unknown) => e);
    expect(error).to.have.property('reason', 'BadData');
    expect((error as Error).message).to.match(/^No product of file:.* is held out/);
  });

  it('with a split of its own is split so, duplicates too, and the report tells of these', async () => {
    const products = (await testProducts(20)).map((product, i) => ({
      ...product,
      ...(i < 3 && { designation: 'Même', description: '' }),
      split: i % 5 === 0 ? 'holdout' : 'train',
    }));
    const snapshot = await take(products);
    expect((await side(snapshot, 'holdout')).map(({ id }) => id).sort()).to.deep.equal(
      products.filter((product) => product.split === 'holdout').map(({ id }) => id),
    );
    expect((await readDataReport(store(), snapshot)).duplicates.acrossSides).to.equal(1);
  });

  it('with a split of its own for some products draws the others', async () => {
    const products = (await testProducts(40)).map((product, i) => ({
      ...product,
      split: i < 4 ? 'train' : i < 6 ? 'holdout' : '',
    }));
    const snapshot = await take(products);
    const held = (await side(snapshot, 'holdout')).map(({ id }) => id);
    expect(held).to.include.members(['1004', '1005']);
    expect(held).not.to.include.members(['1000', '1001', '1002', '1003']);
    expect(snapshot.counts).to.deep.include({ train: 32, holdout: 8 });
  });

  it('with a split that contradicts the parent follows the split', async () => {
    const products: TestProduct[] = await testProducts(20);
    const first = await take(products);
    const held = new Set((await side(first, 'holdout')).map(({ id }) => id));
    const turned = products.map((product) => ({
      ...product,
      split: held.has(product.id) ? 'train' : 'holdout',
    }));
    const second = await take(turned, first);
    expect(new Set((await side(second, 'train')).map(({ id }) => id))).to.deep.equal(held);
  });
});
