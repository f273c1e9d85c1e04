import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  keys,
  StepError,
  type Store,
  StoreUnreachable,
  sha256Of,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import { type FeatureCache, openFeatureCache } from './cache.ts';

const recipe = sha256Of('a recipe');
const recordBytes = 6;
const digestOf = (name: number) => sha256Of(`${name}`).replace('sha256:', '');
const recordOf = (name: number) => Uint8Array.of(1, 2, 3, 4, name >> 8, name & 255);
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

describe('the cache of picture features', () => {
  const folder = folderForEach();
  let store: Store;
  let warnings: string[];
  beforeEach(async () => {
    store = folder.store();
    warnings = [];
  });

  const open = (changes: Partial<Parameters<typeof openFeatureCache>[0]> = {}) =>
    openFeatureCache({
      store,
      recipe,
      recordBytes,
      scratchDir: folder.path,
      signal: new AbortController().signal,
      packRecords: 10,
      log: {
        info: () => undefined,
        warn: ({ err, key }: { err: Error; key?: string }, message?: string) => {
          warnings.push(`${message} ${key} ${err.message}`);
        },
      },
      ...changes,
    });

  /** What a training does: looks each picture up, adds those that are missing, and tells which these were. */
  async function use(cache: FeatureCache, names: number[]): Promise<number[]> {
    const missing: number[] = [];
    for (const name of names) {
      const found = cache.find(digestOf(name));
      if (found) expect(found).to.deep.equal(recordOf(name));
      else missing.push(name);
      await cache.add(digestOf(name), found ?? recordOf(name));
    }
    return missing;
  }

  async function train(names: number[], changes: Parameters<typeof open>[0] = {}) {
    const cache = await open(changes);
    const missing = await use(cache, names);
    await cache.close(true);
    return missing;
  }

  const packs = () => Array.fromAsync(store.list(keys.featurePacks(recipe)), ({ key }) => key);
  const pathOf = (key: string) => join(folder.path, 'store', key);

  it('knows a week later all that was computed, and leaves nothing on the disk', async () => {
    expect(await train(numbers(25))).to.deep.equal(numbers(25));
    expect(await train(numbers(30))).to.deep.equal(numbers(5, 25));
    expect(await train(numbers(30))).to.deep.equal([]);
    expect(await readdir(folder.path)).to.deep.equal(['store']);
    expect(warnings).to.deep.equal([]);
  });

  it('knows nothing of another recipe', async () => {
    await train(numbers(3));
    expect(await train(numbers(3), { recipe: sha256Of('another') })).to.deep.equal(numbers(3));
  });

  it('stores a pack as soon as it is full, and the rest also of a training that was stopped', async () => {
    const cache = await open();
    await use(cache, numbers(31));
    expect((await packs()).length).to.be.at.least(2);
    await cache.close(false);
    expect(await train(numbers(31))).to.deep.equal([]);
  });

  const damages: [string, (bytes: Buffer) => Buffer, string][] = [
    ['has other bytes', (bytes) => bytes.fill(9, 8, 9), 'its digest is'],
    ['is cut', (bytes) => bytes.subarray(0, 40), 'its digest is'],
    ['is empty', () => Buffer.alloc(0), 'its digest is'],
  ];
  for (const [what, damage, why] of damages)
    it(`says so of a pack that ${what}, never uses it, and replaces it`, async () => {
      await train(numbers(5));
      const [key = ''] = await packs();
      await writeFile(pathOf(key), damage(await readFile(pathOf(key))));
      expect(await train(numbers(5))).to.deep.equal(numbers(5));
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.contain(key).and.to.contain(why);
      expect(await train(numbers(5))).to.deep.equal([]);
      expect(warnings).to.have.length(1);
    });

  const strangers: [string, Buffer][] = [
    ['something else under its own digest', Buffer.from('hello')],
    ['records of another length', Buffer.concat([Buffer.alloc(40), Buffer.from('SWPACK01')])],
  ];
  for (const [what, bytes] of strangers)
    it(`says so of ${what}`, async () => {
      await store.write(keys.featurePack(recipe, sha256Of(bytes)), bytes);
      expect(await train(numbers(2))).to.deep.equal(numbers(2));
      expect(warnings).to.have.length(1);
      expect(await train(numbers(2))).to.deep.equal([]);
    });

  it('is done without where the store cannot be read, and said so once', async () => {
    const gone = async function* () {
      yield* [];
      throw new StoreUnreachable('The store does not answer.');
    };
    expect(await train(numbers(25), { store: { ...store, list: gone } })).to.have.length(25);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain('cannot be read');
    expect(await packs()).to.deep.equal([]);
  });

  it('leaves a pack alone that cannot be read for the moment', async () => {
    await train(numbers(10));
    const [key = ''] = await packs();
    const readToFile = async () => {
      throw new StoreUnreachable('The store does not answer.');
    };
    expect(await train(numbers(5), { store: { ...store, readToFile } })).to.have.length(5);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain(key);
    expect(await packs()).to.include(key);
    expect(await train(numbers(10))).to.deep.equal([]);
  });

  it('is done without where the store cannot be written, and said so once', async () => {
    await train(numbers(5));
    const write = async () => {
      throw new StepError('BadConfiguration', 'No right to write.');
    };
    const readOnly = { ...store, write };
    expect(await train(numbers(45), { store: readOnly })).to.deep.equal(numbers(40, 5));
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain('cannot be written');
    expect(await train(numbers(5))).to.deep.equal([]);
  });

  it('is none the worse for two trainings that write at once', async () => {
    const [a, b] = [await open(), await open()];
    await Promise.all([use(a, numbers(15)), use(b, numbers(15, 5))]);
    await Promise.all([a.close(true), b.close(true)]);
    expect(await train(numbers(20))).to.deep.equal([]);
  });

  it('survives that another training puts packs together while this one reads', async () => {
    for (const name of numbers(7)) await train([...numbers(name + 1)]);
    const listed = await packs();
    const list = async function* (prefix: string) {
      yield* store.list(prefix);
      for (const key of listed.slice(3)) await store.remove(key);
      for (const key of listed) yield { key, size: 1 };
    };
    expect(await train(numbers(7), { store: { ...store, list } })).to.deep.equal([]);
  });

  it('puts small packs together', async () => {
    for (const last of numbers(12)) await train(numbers(last + 1));
    expect((await packs()).length).to.be.below(8);
    expect(await train(numbers(12))).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it('leaves out what no product has had for a while', async () => {
    await train(numbers(100));
    expect(await packs()).to.have.length(10);
    await train(numbers(15));
    expect(await packs()).to.have.length(2);
    expect(await train(numbers(15))).to.deep.equal([]);
  });

  it('stops when the training is told to', async () => {
    await train(numbers(5));
    const reason = new StepError('Interrupted', 'stopped');
    const error = await open({ signal: AbortSignal.abort(reason) }).catch((e: unknown) => e);
    expect(error).to.equal(reason);
  });
});
