import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readConfig } from '../config.ts';
import { type GoTool, goTools } from './catalogue.ts';
import { goBuild, sourceDigest } from './go-build.ts';
import { tool } from './tool.ts';

describe('tools built from Go modules', () => {
  let folder: string;
  let small: GoTool;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'go-build-'));
    const pause = goTools.find(({ name }) => name === 'pause');
    if (!pause) throw new Error('pause is not in the catalogue');
    await cp(pause.directory, join(folder, 'pause'), { recursive: true });
    small = { ...pause, directory: join(folder, 'pause') };
  });
  afterEach(() => rm(folder, { recursive: true }));

  for (const file of ['go.mod', 'go.sum', 'main.go']) {
    it(`have another digest when ${file} changes`, async () => {
      const before = await sourceDigest(small);
      const path = join(small.directory, file);
      await writeFile(path, `${await readFile(path, 'utf8')}\n`);
      expect(await sourceDigest(small)).not.to.equal(before);
    });
  }

  it('have the same digest wherever the clone lies', async () => {
    const original = goTools.find(({ name }) => name === 'pause');
    if (!original) throw new Error('pause is not in the catalogue');
    expect(await sourceDigest(small)).to.equal(await sourceDigest(original));
  });

  it('are built once by two who want them at the same time', async function () {
    this.timeout(300_000);
    const config = { ...readConfig(), cacheDir: join(folder, 'cache') };
    const paths = await Promise.all([goBuild(small, config), goBuild(small, config)]);
    expect(paths[0]).to.equal(paths[1]);
    const { mtimeMs } = await stat(paths[0] ?? '');
    await goBuild(small, config);
    const again = await stat(paths[0] ?? '');
    expect(again.mtimeMs).to.equal(mtimeMs);
  });

  it('leave nothing that looks built when the build fails', async function () {
    this.timeout(300_000);
    const config = { ...readConfig(), cacheDir: join(folder, 'cache') };
    const path = join(small.directory, 'main.go');
    const good = await readFile(path, 'utf8');
    await writeFile(path, `${good}\nfunc broken( {`);
    const error = await goBuild(small, config).catch((caught) => caught);
    expect(error.message).to.include('main.go');
    await writeFile(path, good);
    expect(await goBuild(small, config)).to.match(/pause$/);
  });

  it('say which names there are', async () => {
    const error = await tool('nosuch').catch((caught) => caught);
    expect(error.message).to.match(/^There is no tool "nosuch"; there are kubernetes, etcd/);
  });

  it('say that Go is missing', async () => {
    const config = {
      ...readConfig(),
      cacheDir: join(folder, 'cache'),
      inherited: { PATH: '/nowhere', HOME: folder },
    };
    const error = await goBuild(small, config).catch((caught) => caught);
    expect(error.message).to.match(
      /Go 1.26 or newer is needed .* no "go" is on PATH; install it from/,
    );
  });
});
