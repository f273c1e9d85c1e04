import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  keys,
  pictureLimitBytes,
  readSnapshot,
  type Sample,
  type Snapshot,
  StepError,
  samples,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import {
  layOut,
  snapshotsIn,
  type TestProduct,
  testIo,
  testPicture,
  testProducts,
  write,
} from './fixture.ts';
import type { SnapshotOptions } from './options.ts';
import { snapshotMessage } from './step.ts';

describe('snapshot', () => {
  const folder = folderForEach();
  const { store } = folder;
  const { lay, takeLaid } = snapshotsIn(folder);

  async function take(options: Partial<SnapshotOptions> = {}): Promise<Snapshot> {
    const { io, scratchLeft } = await testIo(folder.path);
    try {
      return await takeLaid({ maximumInvalidPercent: 0, ...options }, io);
    } finally {
      expect(await scratchLeft(), 'left in scratch').to.deep.equal([]);
    }
  }
  const refusal = async (options: Partial<SnapshotOptions> = {}) => {
    const error = await take(options).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StepError);
    return error as StepError;
  };
  async function read(snapshot: Snapshot) {
    const side = (name: 'train' | 'holdout') =>
      Array.fromAsync(samples(store(), snapshot, name, { scratchDir: folder.path }));
    return { train: await side('train'), holdout: await side('holdout') };
  }
  const ids = (found: Sample[]) => found.map(({ id }) => id).sort();

  it('gives back every product as it was, on one side', async () => {
    const products = await testProducts();
    products[3] = {
      ...(products[3] as (typeof products)[0]),
      designation: 'Été, "luxe"\nL’eau 漢字 🙂',
      description: '',
    };
    await lay(products);
    const snapshot = await take();
    const { train, holdout } = await read(snapshot);
    expect([train.length, holdout.length]).to.deep.equal([16, 4]);
    expect(ids([...train, ...holdout])).to.deep.equal(products.map(({ id }) => id));
    for (const sample of [...train, ...holdout]) {
      const product = products.find(({ id }) => id === sample.id);
      expect(sample).to.deep.include({
        designation: product?.designation,
        description: product?.description || null,
        class: product?.class,
      });
      expect(sample.picture?.equals(product?.picture as Buffer), sample.id).to.equal(true);
    }
    expect(snapshot.classes).to.deep.equal([
      { class: 'jouet', train: 8, holdout: 2 },
      { class: 'livre', train: 8, holdout: 2 },
    ]);
    expect(snapshot.counts).to.deep.equal({ train: 16, holdout: 4, groups: 20, invalid: 0 });
    expect(await readSnapshot(store(), snapshot.digest)).to.deep.equal(snapshot);
  });

  it('has the same digest in another order of rows, from another place, at another time', async () => {
    const products = await testProducts();
    await lay(products);
    const first = await take();
    await layOut(join(folder.path, 'elsewhere'), products.toReversed());
    const second = await take({ from: folder.url('elsewhere'), store: folder.url('other') });
    expect(second.digest).to.equal(first.digest);
    const files = async (name: string) => (await readdir(join(folder.path, name, 'shards'))).sort();
    expect(await files('other')).to.deep.equal(await files('store'));
  });

  it('changes nothing when it is taken again, also with itself as parent', async () => {
    await lay(await testProducts());
    const first = await take();
    const path = join(folder.path, 'store', keys.snapshot(first.digest));
    const before = await readFile(path, 'utf8');
    expect((await take()).digest).to.equal(first.digest);
    expect((await take({ parent: first.digest })).digest).to.equal(first.digest);
    expect(await readFile(path, 'utf8')).to.equal(before);
    expect(await readdir(join(folder.path, 'store', 'datasets'))).to.have.length(1);
  });

  const changes: [string, (product: TestProduct) => Promise<object>][] = [
    ['label', async () => ({ class: 'jeu' })],
    ['designation', async () => ({ designation: 'Autre' })],
    ['description', async () => ({ description: 'Autre' })],
    ['picture', async () => ({ picture: await testPicture(999) })],
  ];
  for (const [name, change] of changes) {
    it(`has another digest when one ${name} changes`, async () => {
      const products = (await testProducts()) as TestProduct[];
      await lay(products);
      const first = await take();
      products[5] = {
        ...(products[5] as TestProduct),
        ...(await change(products[5] as TestProduct)),
      };
      await lay(products);
      expect((await take()).digest).not.to.equal(first.digest);
    });
  }

  it('keeps the side of every product of its parent when products come and go', async () => {
    await lay(await testProducts(40));
    const first = await take();
    const before = await read(first);
    await lay([...(await testProducts(35)), ...(await testProducts(30, 100))]);
    const second = await take({ parent: first.digest });
    const after = await read(second);
    const gone = new Set(['1035', '1036', '1037', '1038', '1039']);
    const stay = (found: Sample[]) => ids(found).filter((id) => !gone.has(id));
    expect(ids(after.holdout)).to.include.members(stay(before.holdout));
    expect(ids(after.train)).to.include.members(stay(before.train));
    expect(second.counts).to.deep.include({ train: 52, holdout: 13 });
    expect(second.parent).to.equal(first.digest);
  });

  it('never has near-duplicates on both sides', async () => {
    const products = await testProducts(60);
    // Five variants of each of twelve products: same text, other pictures.
    const variants = products.map((product, i) => ({
      ...product,
      designation: `Variante ${i % 12}`,
      description: 'x',
      class: i % 2 ? 'a' : 'b',
    }));
    await lay(variants);
    const snapshot = await take();
    const { train, holdout } = await read(snapshot);
    expect(snapshot.counts.groups).to.equal(12);
    const names = (found: Sample[]) => new Set(found.map(({ designation }) => designation));
    expect([...names(train)].filter((name) => names(holdout).has(name))).to.deep.equal([]);
    expect(holdout.length).to.be.greaterThan(0);
  });

  it('splits as the source asks', async () => {
    const products = (await testProducts()).map((product, i) => ({
      ...product,
      split: i < 6 ? 'holdout' : 'train',
    }));
    await lay(products);
    const { holdout } = await read(await take());
    expect(ids(holdout)).to.deep.equal(['1000', '1001', '1002', '1003', '1004', '1005']);
  });

  describe('goes on without a product, and says so:', () => {
    const bad: [string, TestProduct | (() => Promise<TestProduct>), string][] = [
      ['empty designation', { id: '7', designation: '  ' }, 'row 21: column designation is empty'],
      ['empty class', { id: '7', class: '' }, 'row 21: column prdtypecode is empty'],
      ['empty id', { id: '' }, 'row 21: column productid is empty'],
      ['id twice', { id: '1003' }, 'row 21: column productid "1003" is that of row 4 already'],
      [
        'missing picture',
        { id: '7', picture: null },
        'row 21: column imageid "image_79_product_7" names a picture that is missing',
      ],
      [
        'picture that is text',
        { id: '7', picture: Buffer.from('hello') },
        'row 21: column imageid "image_79_product_7" names a picture that cannot be used: The picture is none of JPEG, PNG and WebP by its first bytes',
      ],
      [
        'empty picture',
        { id: '7', picture: Buffer.alloc(0) },
        'row 21: column imageid "image_79_product_7" names a picture that cannot be used: The picture is empty',
      ],
      [
        'unknown side',
        { id: '7', split: 'test' },
        'row 21: column split "test" is neither train nor holdout',
      ],
      [
        'class that only the holdout has',
        async () => ({
          id: '7',
          class: 'neuf',
          split: 'holdout',
          picture: await testPicture(7777),
        }),
        'row 21: column prdtypecode "neuf" is a class of which no product is in train',
      ],
    ];
    for (const [name, make, sentence] of bad) {
      it(name, async () => {
        const product = typeof make === 'function' ? await make() : make;
        await lay([...(await testProducts()), product]);
        const snapshot = await take({ maximumInvalidPercent: 10 });
        const message = snapshotMessage(snapshot);
        expect(message).to.deep.include({ products: 20, invalid: 1, invalidExamples: [sentence] });
        const error = await refusal();
        expect(error.reason).to.equal('BadData');
        expect(error.message)
          .to.contain('1 of 21 products (4.8 %) cannot be used, over the maximum of 0 %')
          .and.to.contain(sentence);
      });
    }

    for (const beyond of [1, 2, 1000])
      it(`a picture that is ${beyond} bytes too large`, async () => {
        const picture = Buffer.alloc(pictureLimitBytes + beyond);
        await lay([...(await testProducts()), { id: '7', picture }]);
        const snapshot = await take({ maximumInvalidPercent: 10 });
        expect(snapshot.products).to.equal(20);
        expect(snapshotMessage(snapshot).invalidExamples[0]).to.match(
          /^row 21: .*image_79_product_7.* is larger than \d+ bytes$/,
        );
      });

    it('half a picture', async () => {
      const products = await testProducts();
      const whole = products[0]?.picture as Buffer;
      await lay([...products, { id: '7', picture: whole.subarray(0, whole.length - 20) }]);
      const snapshot = await take({ maximumInvalidPercent: 10 });
      expect(snapshotMessage(snapshot).invalidExamples[0]).to.match(
        /^row 21: .*image_79_product_7.* cannot be decoded/,
      );
    });
  });

  it('names at most twenty of many, says how many more and where all are, and fits them into its message', async () => {
    const wrong = Array.from({ length: 300 }, (_, i) => ({
      id: `${i}`,
      class: '',
      designation: '漢'.repeat(900),
    }));
    const split = Array.from({ length: 30 }, (_, i) => ({ id: `5${i}`, split: '漢'.repeat(900) }));
    await lay([...(await testProducts()), ...split, ...wrong]);
    const error = await refusal({ maximumInvalidPercent: 50 });
    expect(error.message)
      .to.match(/330 of 350 products .*; and 310 more\.$/)
      .and.to.contain(`${folder.url('store')}/${keys.refused} lists them all`);
    const lines = (await folder.store().read(keys.refused)).toString().trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line).row).sort((a, b) => a - b);
    expect(rows).to.deep.equal(Array.from({ length: 330 }, (_, i) => i + 21));
    const message = JSON.stringify(snapshotMessage(await take({ maximumInvalidPercent: 100 })));
    expect(Buffer.byteLength(message)).to.be.below(4096);
  });

  describe('fails, with a sentence of its own, for', () => {
    const from = (name: string) => join(folder.path, 'from', name);
    const failures: [string, () => Promise<unknown>, RegExp][] = [
      ['no products table', () => rm(from('X_train.csv')), /There is no X_train\.csv in file:/],
      ['no labels', () => rm(from('Y_train.csv')), /There is no Y_train\.csv in file:/],
      [
        'a missing column',
        () => writeFile(from('X_train.csv'), ',designation,description,productid\n0,a,b,1\n'),
        /X_train\.csv has no column imageid; its columns are/,
      ],
      [
        'a missing label column',
        () => writeFile(from('Y_train.csv'), ',class\n0,a\n'),
        /Y_train\.csv has no column prdtypecode/,
      ],
      ['an empty table', () => writeFile(from('X_train.csv'), ''), /X_train\.csv is empty/],
      [
        'tables without rows',
        async () => {
          await writeFile(from('X_train.csv'), ',designation,description,productid,imageid\n');
          await writeFile(from('Y_train.csv'), ',prdtypecode\n');
        },
        /There is no product in file:/,
      ],
      [
        'fewer labels than products',
        () => writeFile(from('Y_train.csv'), ',prdtypecode\n0,a\n'),
        /do not belong together: in row 2 the first has the index 1, the second no such row/,
      ],
      [
        'more labels than products',
        async () =>
          writeFile(from('Y_train.csv'), `${await readFile(from('Y_train.csv'), 'utf8')}\n20,a\n`),
        /in row 21 the first has no such row, the second the index 20/,
      ],
      [
        'labels of other rows',
        async () =>
          writeFile(
            from('Y_train.csv'),
            (await readFile(from('Y_train.csv'), 'utf8')).replace('\n7,', '\n8,'),
          ),
        /in row 8 the first has the index 7, the second the index 8/,
      ],
      [
        'a single class',
        async () => lay((await testProducts()).map((product) => ({ ...product, class: 'seul' }))),
        /has only the class seul; a classifier needs two at least/,
      ],
    ];
    for (const [name, spoil, sentence] of failures) {
      it(name, async () => {
        await lay(await testProducts());
        await spoil();
        const error = await refusal();
        expect(error.reason).to.equal('BadData');
        expect(error.message).to.match(sentence);
        expect(await Array.fromAsync(store().list('datasets/'))).to.deep.equal([]);
      });
    }

    it('a parent that is not in the store', async () => {
      await lay(await testProducts());
      const error = await refusal({ parent: `sha256:${'0'.repeat(64)}` });
      expect(error.message).to.match(/There is no object datasets\/0+\/snapshot\.json/);
    });

    it('a store of another ModelRelease, before anything is written', async () => {
      await lay(await testProducts());
      await write(join(folder.path, 'store'), 'owner.json', '{"uid":"theirs"}');
      const error = await refusal({ ownerUid: 'ours' });
      expect(error.reason).to.equal('BadConfiguration');
      expect(error.message).to.match(/belongs to the ModelRelease with UID theirs, not to ours/);
      expect(await readdir(join(folder.path, 'store'))).to.deep.equal(['owner.json']);
    });
  });

  it('takes the store for its owner, and knows it again', async () => {
    await lay(await testProducts());
    const first = await take({ ownerUid: 'ours' });
    expect((await take({ ownerUid: 'ours' })).digest).to.equal(first.digest);
    expect(JSON.parse((await store().read('owner.json')).toString())).to.deep.equal({
      uid: 'ours',
    });
  });

  it('publishes nothing once it was interrupted, whenever that was', async () => {
    await lay(await testProducts());
    for (const phase of ['pictures', 'shards']) {
      const { io, interruption, scratchLeft } = await testIo(folder.path);
      const stopped = new StepError('Interrupted', 'stopped');
      const error = await takeLaid(
        { maximumInvalidPercent: 0 },
        { ...io, progress: (event) => event.phase === phase && interruption.abort(stopped) },
      ).catch((e: unknown) => e);
      expect(error).to.equal(stopped);
      expect(await Array.fromAsync(store().list('datasets/'))).to.deep.equal([]);
      expect(await scratchLeft()).to.deep.equal([]);
    }
  });

  describe('is read back with care:', () => {
    it('a snapshot.json that was changed is refused', async () => {
      await lay(await testProducts());
      const { digest } = await take();
      const path = join(folder.path, 'store', keys.snapshot(digest));
      await writeFile(path, (await readFile(path, 'utf8')).replace('"jouet"', '"jeu"'));
      expect(await readSnapshot(store(), digest).catch((e: unknown) => e)).to.match(
        /describes the dataset sha256:.*it was changed after it was written/,
      );
    });

    it('a shard that was changed is refused before a product of it is given out', async () => {
      await lay(await testProducts());
      const snapshot = await take();
      const path = join(
        folder.path,
        'store',
        keys.shard(snapshot.shards.train[0]?.digest as string),
      );
      const bytes = await readFile(path);
      bytes[bytes.length - 2000] = (bytes[bytes.length - 2000] as number) ^ 1;
      await writeFile(path, bytes);
      const given: Sample[] = [];
      const error = await (async () => {
        for await (const sample of samples(store(), snapshot, 'train', { scratchDir: folder.path }))
          given.push(sample);
      })().catch((e: unknown) => e);
      expect(error).to.match(/has the digest sha256:\w+: it was changed/);
      expect(given).to.deep.equal([]);
    });
  });
});
