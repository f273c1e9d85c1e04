import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ignorer } from './ignore.ts';
import { inputsDigest } from './inputs.ts';

describe('the inputs of an image', () => {
  let root: string;
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const digest = (others: unknown = {}) => inputsDigest({ root, dockerfile: 'Dockerfile', others });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'inputs-'));
    await write('Dockerfile', 'FROM x\nCOPY app app\nCOPY package*.json ./\n');
    await write('.dockerignore', '*\n!app\n!package*.json\n**/*.test.ts\n');
    await write('app/main.ts', 'main');
    await write('package.json', '{}');
  });
  afterEach(() => rm(root, { recursive: true }));

  const changes: { name: string; change: () => Promise<void>; differs: boolean }[] = [
    { name: 'a copied file', change: () => write('app/main.ts', 'other'), differs: true },
    {
      name: 'a new file in a copied folder',
      change: () => write('app/new/x.ts', ''),
      differs: true,
    },
    {
      name: 'a file that a wildcard takes',
      change: () => write('package-lock.json', '{}'),
      differs: true,
    },
    {
      name: 'the permission to run a file',
      change: () => chmod(join(root, 'app/main.ts'), 0o755),
      differs: true,
    },
    {
      name: 'the Dockerfile',
      change: () => write('Dockerfile', 'FROM y\nCOPY app app\n'),
      differs: true,
    },
    { name: 'a test', change: () => write('app/main.test.ts', 'test'), differs: false },
    {
      name: 'a file that nothing copies',
      change: () => write('README.md', 'text'),
      differs: false,
    },
    {
      name: 'what npm installs',
      change: () => write('app/node_modules/x/index.js', ''),
      differs: false,
    },
  ];
  for (const { name, change, differs } of changes) {
    it(`${differs ? 'change' : 'stay the same'} with ${name}`, async () => {
      const before = await digest();
      await change();
      expect((await digest()) !== before).to.equal(differs);
    });
  }

  it('change with the base image', async () => {
    expect(await digest({ base: 'a' })).not.to.equal(await digest({ base: 'b' }));
  });

  it('name a source that is not there', async () => {
    await write('Dockerfile', 'FROM x\nCOPY gone gone\n');
    const error = await digest().catch((caught) => caught);
    expect(error.message).to.equal(
      'Nothing in the repository is named gone, which a Dockerfile copies.',
    );
  });
});

describe('.dockerignore', () => {
  const ignored = ignorer('# all but\n*\n!app\n!README.md\n**/node_modules\n**/*.test.ts\n');
  const cases: [string, boolean][] = [
    ['secret', true],
    ['app', false],
    ['app/main.ts', false],
    ['app/deep/main.test.ts', true],
    ['node_modules/x', true],
    ['app/node_modules/x/y', true],
    ['README.md', false],
  ];
  for (const [path, answer] of cases) {
    it(`${answer ? 'leaves out' : 'lets in'} ${path}`, () =>
      expect(ignored(path)).to.equal(answer));
  }
});
