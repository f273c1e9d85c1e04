import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { openStore } from './store.ts';
import { behavesAsStore } from './store-behaviour.ts';
import { storeSettingsFromEnv } from './store-settings.ts';

const settings = storeSettingsFromEnv({});

describe('a folder as a store', () => {
  const dirs: string[] = [];
  const openFolder = async () => {
    const dir = await mkdtemp(join(tmpdir(), 'folder-'));
    dirs.push(dir);
    return { dir, store: openStore(pathToFileURL(dir).href, settings) };
  };
  after(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true }))));

  behavesAsStore(async () => (await openFolder()).store);

  it('leaves nothing but the object behind, won or lost', async () => {
    const { dir, store } = await openFolder();
    await store.write('key', Buffer.from('one'));
    await store.write('key', Buffer.from('two'), { ifNoneMatch: true }).catch(() => undefined);
    expect(await readdir(dir)).to.deep.equal(['key']);
  });

  it('does not list what is still being written', async () => {
    const { dir, store } = await openFolder();
    await writeFile(join(dir, '.key.1234.partial'), 'x');
    expect(await Array.fromAsync(store.list(''))).to.deep.equal([]);
  });

  it('refuses keys that lead out of it', async () => {
    const { store } = await openFolder();
    for (const key of ['../x', '/etc/passwd', 'a//b', 'a/./b', '', 'a\0b']) {
      const error = await store.read(key).catch((e: unknown) => e);
      expect(error, key).to.match(/is no key of an object/);
    }
  });

  it('is no object where there is a folder', async () => {
    const { store } = await openFolder();
    await store.write('a/b', Buffer.from('x'));
    expect(await store.read('a').catch((e: unknown) => e)).to.match(/There is no object a in/);
  });

  it('says what was refused by the file system', async () => {
    const { dir, store } = await openFolder();
    await writeFile(join(dir, 'file'), 'x');
    const error = await store.write('file/below', Buffer.from('x')).catch((e: unknown) => e);
    expect(error).to.match(/Cannot write file\/below in file:/);
  });
});

describe('openStore', () => {
  for (const url of [
    '',
    'shop',
    '/srv/store',
    'https://example.test/x',
    's3://',
    'file://host/x',
  ]) {
    it(`refuses ${JSON.stringify(url)} and says what it takes`, () => {
      expect(() => openStore(url, settings)).to.throw(
        /none of a store: write s3:\/\/BUCKET\/PREFIX/,
      );
    });
  }
});

describe('storeSettingsFromEnv', () => {
  it('takes an empty variable for one that is not set', () => {
    const env = { AWS_REGION: '', AWS_ENDPOINT_URL_S3: '', S3_FORCE_PATH_STYLE: '' };
    expect(storeSettingsFromEnv(env)).to.deep.include({
      region: 'us-east-1',
      endpoint: undefined,
      forcePathStyle: false,
    });
  });

  for (const [name, value] of [
    ['AWS_ENDPOINT_URL_S3', 'minio:9000'],
    ['S3_FORCE_PATH_STYLE', 'yes'],
  ] as const) {
    it(`names ${name} when it is wrong`, () => {
      expect(() => storeSettingsFromEnv({ [name]: value })).to.throw(
        new RegExp(`variable ${name} is wrong`),
      );
    });
  }
});
