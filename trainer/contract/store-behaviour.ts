import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sha256Of } from './digest.ts';
import { StepError } from './messages.ts';
import type { Store } from './store.ts';
import { StoreBadKey, StoreConflict, StoreNotFound } from './store-errors.ts';

/** The tests that every kind of store must pass; `open` gives an empty one. */
export function behavesAsStore(open: () => Promise<Store>): void {
  let store: Store;
  let dir: string;
  beforeEach(async () => {
    store = await open();
    dir = await mkdtemp(join(tmpdir(), 'store-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (e: unknown) => e,
    );
  const keysOf = async (prefix: string) =>
    (await Array.fromAsync(store.list(prefix))).map(({ key }) => key).sort();

  it('gives back what was written, by every way of reading', async () => {
    const bytes = randomBytes(300_000);
    await store.write('a/b.bin', bytes);
    expect((await store.read('a/b.bin')).equals(bytes)).to.equal(true);
    expect(
      Buffer.concat(await Array.fromAsync(await store.stream('a/b.bin'))).equals(bytes),
    ).to.equal(true);
    const target = join(dir, 'copy');
    expect(await store.readToFile('a/b.bin', target)).to.deep.equal({
      sha256: sha256Of(bytes),
      size: bytes.length,
    });
    expect((await readFile(target)).equals(bytes)).to.equal(true);
    expect(await store.stat('a/b.bin')).to.deep.equal({ size: bytes.length });
  });

  it('writes a file from disk', async () => {
    const bytes = randomBytes(200_000);
    await writeFile(join(dir, 'file'), bytes);
    await store.write('file', { path: join(dir, 'file') });
    expect((await store.read('file')).equals(bytes)).to.equal(true);
  });

  it('holds an empty object', async () => {
    await store.write('empty', Buffer.alloc(0));
    expect(await store.read('empty')).to.have.length(0);
    expect(await Array.fromAsync(await store.stream('empty'))).to.deep.equal([]);
  });

  it('writes over what is there, unless told not to', async () => {
    await store.write('key', Buffer.from('one'));
    await store.write('key', Buffer.from('two'));
    const error = await failure(store.write('key', Buffer.from('three'), { ifNoneMatch: true }));
    expect(error).to.be.instanceOf(StoreConflict);
    expect((error as StepError).message).to.match(/key in .* already written/);
    expect((await store.read('key')).toString()).to.equal('two');
  });

  it('lets exactly one of twenty writers win', async () => {
    const writers = Array.from({ length: 20 }, (_, i) =>
      failure(store.write('race', Buffer.from(`writer ${i}`), { ifNoneMatch: true })),
    );
    const lost = (await Promise.all(writers)).filter((error) => error instanceof StoreConflict);
    expect(lost).to.have.length(19);
    expect((await store.read('race')).toString()).to.match(/^writer \d+$/);
  });

  it('says which object is missing, by every way of reading', async () => {
    for (const read of [
      () => store.read('no/such'),
      () => store.stream('no/such'),
      () => store.readToFile('no/such', join(dir, 'x')),
    ]) {
      const error = await failure(read());
      expect(error).to.be.instanceOf(StoreNotFound);
      expect((error as StepError).message).to.equal(`There is no object no/such in ${store.url}.`);
    }
    expect(await store.stat('no/such')).to.equal(undefined);
    expect(await store.stat('no')).to.equal(undefined);
  });

  it('says which key no object can have', async () => {
    for (const key of ['../x', 'a/../b', 'a/./b', 'x'.repeat(1025)]) {
      const error = await failure(store.read(key));
      expect(error, key).to.be.instanceOf(StoreBadKey);
      expect((error as StepError).message).to.match(/is no key of an object in/);
    }
  });

  it('does not hold in memory what is over the limit', async () => {
    await store.write('large', Buffer.alloc(2000));
    expect(await store.read('large', 2000)).to.have.length(2000);
    const error = await failure(store.read('large', 1999));
    expect(error).to.be.instanceOf(StepError);
    expect((error as StepError).message).to.match(/large in .* is larger than 1999 bytes/);
  });

  it('lists by prefix, whole keys and all of them', async () => {
    const keys = ['datasets/a/1', 'datasets/a/2', 'datasets/b/1', 'datasets2', 'other/x'];
    for (const key of keys) await store.write(key, Buffer.from(key));
    expect(await keysOf('')).to.deep.equal(keys);
    expect(await keysOf('datasets/')).to.deep.equal(keys.slice(0, 3));
    expect(await keysOf('datasets/a/')).to.deep.equal(keys.slice(0, 2));
    expect(await keysOf('data')).to.deep.equal(keys.slice(0, 4));
    expect(await keysOf('nothing/here')).to.deep.equal([]);
    for await (const { key, size } of store.list('')) expect(size, key).to.equal(key.length);
  });

  it('removes, and does not mind when there is nothing to remove', async () => {
    await store.write('key', Buffer.from('x'));
    await store.remove('key');
    await store.remove('key');
    expect(await store.stat('key')).to.equal(undefined);
  });
}
