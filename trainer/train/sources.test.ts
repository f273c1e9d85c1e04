import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sourcesDigest } from './sources.ts';

describe('the digest of the sources', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sources-'));
    for (const each of ['fit', 'contract/jpeg', 'backbone'])
      await mkdir(join(folder, each), { recursive: true });
    await writeFile(join(folder, 'fit', 'loop.ts'), 'let steps = 1;');
  });
  afterEach(() => rm(folder, { recursive: true }));

  for (const [file, counts] of [
    ['fit/loop.ts', true],
    ['main.ts', true],
    ['contract/jpeg/decode.c', true],
    ['contract/jpeg/decode.h', true],
    ['backbone/convert.py', true],
    ['package.json', true],
    ['fit/loop.test.ts', false],
    ['fit/loop.fixture.ts', false],
    ['fit/loop.fixture.py', false],
    ['README.md', false],
  ] as const)
    it(`${counts ? 'is another' : 'stays the same'} where ${file} changes`, async () => {
      const before = await sourcesDigest(folder);
      await writeFile(join(folder, file), 'something else');
      expect((await sourcesDigest(folder)) !== before).to.equal(counts);
    });

  it('is there for this very program', async () => {
    expect(await sourcesDigest()).to.match(/^sha256:[0-9a-f]{64}$/);
  });
});
