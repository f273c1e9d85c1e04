import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataReport, keys, readDataReport, type Snapshot } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { folderForEach } from '../folder.fixture.ts';
import { snapshotsIn, type TestProduct, testProducts, write } from './fixture.ts';
import { makeOld } from './old-parent.fixture.ts';

describe('the data report of a snapshot', () => {
  const folder = folderForEach();
  const { store } = folder;
  const { take } = snapshotsIn(folder);
  const report = async (products: TestProduct[], parent?: Snapshot): Promise<DataReport> =>
    readDataReport(store(), await take(products, parent));
  const picture = (width: number, height: number, format: 'png' | 'jpeg' | 'webp', n: number) =>
    sharp({ create: { width, height, channels: 3, background: { r: n, g: 3, b: 200 } } })
      .toFormat(format)
      .toBuffer();

  it('counts every product, side, class and what is missing', async () => {
    const products: TestProduct[] = await testProducts(30);
    for (const product of products.slice(0, 12)) product.description = '';
    const snapshot = await take(products.slice(0, 29));
    const seen = await readDataReport(store(), snapshot);
    expect(seen).to.deep.include({
      dataset: snapshot.digest,
      source: { kind: 'rakuten', url: folder.url('from') },
      rows: 29,
      products: 29,
      train: snapshot.counts.train,
      holdout: snapshot.counts.holdout,
      missing: { description: 12, picture: 0 },
      changes: null,
    });
    expect(
      seen.classes.map(({ class: name, withoutDescription }) => [name, withoutDescription]),
    ).to.deep.equal([
      ['livre', 6],
      ['jouet', 6],
    ]);
    for (const { class: name, train, holdout } of snapshot.classes)
      expect(seen.classes.find((own) => own.class === name)).to.deep.include({ train, holdout });
    expect(seen.imbalance.ratio).to.equal(1.07);
    expect(seen.imbalance.effectiveClasses).to.equal(2);
  });

  it('tells languages in all and by class', async () => {
    const french = 'Une belle chaise de bureau réglable en hauteur pour la maison';
    const german = 'Ein schöner Bürostuhl, höhenverstellbar, für das ganze Haus';
    const products = (await testProducts(20)).map((product, i) => ({
      ...product,
      designation: `${i % 4 < 2 ? french : german} ${i}`,
      description: '',
    }));
    const { languages, classes } = await report([
      ...products,
      { id: '9', designation: 'LG', class: 'livre', picture: await picture(9, 9, 'png', 1) },
    ]);
    expect(languages).to.deep.equal([
      { language: 'de', products: 10 },
      { language: 'fr', products: 10 },
      { language: null, products: 1 },
    ]);
    const book = classes.find((own) => own.class === 'livre');
    expect(book?.languages.find((own) => own.language === null)?.products).to.equal(1);
  });

  it('tells lengths of texts and sizes and formats of pictures', async () => {
    const products: TestProduct[] = await testProducts(8);
    const sizes: [number, number, 'png' | 'jpeg' | 'webp'][] = [
      [10, 20, 'png'],
      [100, 200, 'jpeg'],
      [300, 64, 'webp'],
    ];
    for (const [i, size] of sizes.entries())
      Object.assign(products[i] as TestProduct, { picture: await picture(...size, i) });
    Object.assign(products[0] as TestProduct, { designation: 'x'.repeat(1000), description: '' });
    const { pictures, texts } = await report(products);
    expect(pictures.formats).to.deep.equal([
      { format: 'png', products: 6 },
      { format: 'jpeg', products: 1 },
      { format: 'webp', products: 1 },
    ]);
    expect(pictures.width).to.deep.include({ minimum: 8, median: 8, maximum: 300 });
    expect(pictures.height).to.deep.include({ minimum: 8, maximum: 200 });
    expect(pictures.width?.bins).to.deep.equal([
      { from: 8, to: 15, products: 6 },
      { from: 16, to: 31, products: 0 },
      { from: 32, to: 63, products: 0 },
      { from: 64, to: 127, products: 1 },
      { from: 128, to: 255, products: 0 },
      { from: 256, to: 511, products: 1 },
    ]);
    expect(texts.designation?.maximum).to.equal(1000);
    expect(texts.description?.bins.reduce((sum, bin) => sum + bin.products, 0)).to.equal(7);
  });

  it('names groups of near-duplicates, and labels that contradict each other', async () => {
    const products: TestProduct[] = await testProducts(20);
    for (const i of [2, 4, 6, 8])
      Object.assign(products[i] as TestProduct, {
        designation: 'Même &nbsp;TEXTE',
        description: '',
      });
    Object.assign(products[8] as TestProduct, { class: 'jouet' });
    Object.assign(products[11] as TestProduct, { picture: products[10]?.picture });
    // Has the text of some and the picture of another, and contradicts both.
    Object.assign(products[8] as TestProduct, { picture: products[14]?.picture });
    const { duplicates, conflicts } = await report(products);
    expect(duplicates).to.deep.include({ groups: 2, products: 7 });
    expect(duplicates.largest[0]?.products).to.equal(5);
    expect(conflicts.products).to.equal(7);
    expect(conflicts.text).to.deep.equal({
      sets: 1,
      products: 4,
      examples: [
        {
          products: 4,
          classes: ['jouet', 'livre'],
          designation: 'Même &nbsp;TEXTE',
          // The odd one first.
          examples: [
            { id: '1008', row: 9, class: 'jouet' },
            { id: '1002', row: 3, class: 'livre' },
            { id: '1004', row: 5, class: 'livre' },
            { id: '1006', row: 7, class: 'livre' },
          ],
        },
      ],
    });
    expect(conflicts.picture).to.deep.include({ sets: 2, products: 4 });
    const pairs = conflicts.picture.examples.map(({ examples }) => examples.map(({ id }) => id));
    expect(pairs.map((pair) => pair.sort())).to.have.deep.members([
      ['1010', '1011'],
      ['1008', '1014'],
    ]);
  });

  it('counts what was left out by reason, with row, column and value', async () => {
    const products: TestProduct[] = [
      ...(await testProducts()),
      { id: '5', designation: ' ' },
      { id: '6', picture: Buffer.from('GIF89a') },
      { id: '1003' },
      { id: '1004' },
    ];
    const { rows, leftOut } = await report(products);
    expect(rows).to.equal(24);
    expect(leftOut.products).to.equal(4);
    expect(leftOut.reasons).to.deep.equal([
      {
        column: 'productid',
        reason: 'is that of row … already',
        products: 2,
        examples: [
          { row: 23, column: 'productid', value: '1003', reason: 'is that of row 4 already' },
          { row: 24, column: 'productid', value: '1004', reason: 'is that of row 5 already' },
        ],
      },
      {
        column: 'designation',
        reason: 'is empty',
        products: 1,
        examples: [{ row: 21, column: 'designation', value: '', reason: 'is empty' }],
      },
      {
        column: 'imageid',
        reason:
          'names a picture that cannot be used: The picture is none of JPEG, PNG and WebP by its first bytes',
        products: 1,
        examples: [
          {
            row: 22,
            column: 'imageid',
            value: 'image_69_product_6',
            reason:
              'names a picture that cannot be used: The picture is none of JPEG, PNG and WebP by its first bytes',
          },
        ],
      },
    ]);
  });

  it('tells what came, went and was given another class since the parent', async () => {
    const products: TestProduct[] = await testProducts(20);
    const first = await take(products);
    const changed = [...products.slice(3), ...(await testProducts(5, 500))];
    Object.assign(changed[0] as TestProduct, { class: 'livre' });
    const { changes } = await report(changed, first);
    expect(changes).to.deep.equal({
      parent: first.digest,
      added: 5,
      removed: 3,
      kept: 17,
      relabelled: {
        products: 1,
        moves: [{ from: 'jouet', to: 'livre', products: 1 }],
        examples: [{ id: '1003', row: 1, from: 'jouet', to: 'livre' }],
      },
      byClass: [
        { class: 'jouet', added: 2, removed: 1 },
        { class: 'livre', added: 3, removed: 2 },
      ],
    });
  });

  it('says that it cannot know who was given another class where the parent does not tell', async () => {
    const products = await testProducts(20);
    const first = await take(products);
    const path = (key: string) => join(folder.path, 'store', key);
    await makeOld(path(keys.members(first.digest)), path(keys.snapshot(first.digest)));
    const { changes } = await report(products.slice(1), first);
    expect(changes).to.deep.include({ added: 0, removed: 1, kept: 19, relabelled: null });
  });

  it('is the same when the same snapshot is taken into another store', async () => {
    const products = await testProducts(20);
    const { digest } = await take(products);
    const read = () => readFile(join(folder.path, 'store', keys.dataReport(digest)), 'utf8');
    const before = await read();
    await rm(join(folder.path, 'store'), { recursive: true });
    await take(products);
    expect(await read()).to.equal(before);
  });

  it('is there, beside its page, before snapshot.json, and is not written over once that is', async () => {
    const products = await testProducts(20);
    const { digest } = await take(products);
    const path = (key: string) => join(folder.path, 'store', key);
    const pagePath = path(keys.dataReportPage(digest));
    const page = await readFile(pagePath, 'utf8');
    // Left behind by a run that did not end.
    await rm(path(keys.snapshot(digest)));
    await rm(pagePath);
    await rm(path(keys.dataReport(digest)));
    await write(join(folder.path, 'store'), keys.dataReport(digest), '{}');
    await write(join(folder.path, 'store'), keys.members(digest), '{}');
    await take(products);
    expect((await readDataReport(store(), { digest })).products).to.equal(20);
    expect(await readFile(pagePath, 'utf8')).to.equal(page);
    // Of a dataset that exists, what another run says of its own rows changes nothing.
    const seen = await report([...products, { id: '4', designation: '' }]);
    expect(seen.leftOut.products).to.equal(0);
  });

  it('has a page that holds every figure and no markup of the shop', async () => {
    const products: TestProduct[] = await testProducts(20);
    const hostile = '<script>alert(1)</script>"><img src=x onerror=alert(2)>';
    for (const i of [2, 3])
      Object.assign(products[i] as TestProduct, { designation: hostile, description: '' });
    Object.assign(products[5] as TestProduct, { class: hostile });
    Object.assign(products[7] as TestProduct, { class: hostile });
    const { digest } = await take([
      ...products,
      { id: hostile.slice(0, 20), designation: '', class: hostile },
    ]);
    const page = await readFile(join(folder.path, 'store', keys.dataReportPage(digest)), 'utf8');
    expect(page)
      .to.contain('&lt;script&gt;alert(1)')
      .and.not.to.match(/<script|<img/);
    for (const word of ['Near-duplicates', 'Labels that contradict', 'What was left out', digest])
      expect(page).to.contain(word);
  });
});
