import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MissingToolError, moveIntoPlace, requireProgram, unpackWheel } from './wheel.ts';

describe('a program that is needed', () => {
  it('is no trouble where it runs', () => {
    expect(() => requireProgram(process.execPath, ['--version'], '')).to.not.throw();
  });

  for (const [what, program, args] of [
    ['is not there', 'no-such-program', ['--version']],
    ['is there and does not run', process.execPath, ['--no-such-option']],
  ] as const)
    it(`is named, with the command that brings it, where it ${what}`, () => {
      expect(() => requireProgram(program, [...args], 'apt-get install it'))
        .to.throw(MissingToolError, program)
        .with.property('message')
        .that.contains('apt-get install it');
    });
});

describe('a wheel', () => {
  it('gives the members that are wanted, and no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wheel-'));
    const wheel = join(folder, 'a.whl');
    const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for name in ("lib/one.so", "lib/two.py", "three.so"): z.writestr(name, name)`;
    expect(spawnSync('python3', ['-c', script, wheel]).status).to.equal(0);
    const into = join(folder, 'out');
    expect(await unpackWheel(wheel, into, (member) => member.endsWith('.so'))).to.equal(2);
    const found = (await readdir(into, { recursive: true })).sort();
    expect(found).to.deep.equal(['lib', 'lib/one.so', 'three.so']);
    expect(await readFile(join(into, 'lib', 'one.so'), 'utf8')).to.equal('lib/one.so');
    await rm(folder, { recursive: true });
  });
});

describe('a finished folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'place-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const put = async (name: string, text: string) => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'file'), text);
  };
  const found = async () => [
    ...(await readdir(folder)),
    await readFile(join(folder, 'home', 'file'), 'utf8'),
  ];
  const move = () => moveIntoPlace(join(folder, 'work'), join(folder, 'home'));

  for (const [where, before] of [
    ['where nothing was', undefined],
    ['in the place of an older one', 'old'],
  ])
    it(`is put ${where}, and nothing is left beside it`, async () => {
      if (before) await put('home', before);
      await put('work', 'new');
      await move();
      expect(await found()).to.deep.equal(['home', 'new']);
    });

  it('that cannot be put there leaves the older one, and nothing beside it', async () => {
    await put('home', 'old');
    const error = await move().catch((e: unknown) => e);
    expect(error).to.have.property('code', 'ENOENT');
    expect(await found()).to.deep.equal(['home', 'old']);
  });
});
