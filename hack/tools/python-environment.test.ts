import { access, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { readConfig } from '../config.ts';
import { pythonEnvironment } from './python-environment.ts';

describe('an environment of Python', () => {
  it('is made once, and again when the machine has another Python', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'python-environment-'));
    try {
      const requirements = join(dir, 'requirements.txt');
      await writeFile(requirements, '');
      const config = { ...readConfig(), cacheDir: join(dir, 'cache') };
      const said: string[] = [];
      const get = () =>
        pythonEnvironment('x', pathToFileURL(requirements), (line) => said.push(line), config);
      const home = await get();
      await access(join(home, 'bin', 'python'));
      expect(await get()).to.equal(home);
      expect(said).to.deep.equal(['installing x …']);

      const [library = ''] = await readdir(join(home, 'lib'));
      await rename(join(home, 'lib', library), join(home, 'lib', 'python3.0'));
      await get();
      expect(said).to.have.length(2);
      expect(await readdir(join(home, 'lib'))).to.deep.equal([library]);
    } finally {
      await rm(dir, { recursive: true });
    }
  }).timeout(300_000);
});
