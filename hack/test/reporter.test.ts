import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

describe('the reporter that counts', () => {
  it('tells each failure with what was seen, whatever that is', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'reporter-'));
    try {
      const [suite, counts] = ['suite.mjs', 'counts.json'].map((name) => join(dir, name));
      await writeFile(
        suite as string,
        `const odd = { number: 1n };
         odd.itself = odd;
         it('passes', () => {});
         it('saw a circle', () => { throw Object.assign(new Error('no'), { actual: odd }); });
         it('saw a list', () => { throw Object.assign(new Error('no'), { actual: [1, { a: 'b' }] }); });`,
      );
      const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
      const reporter = fileURLToPath(new URL('reporter.ts', import.meta.url));
      const options = ['--reporter', reporter, '--reporter-option', `counts=${counts}`];
      const ended = spawnSync(
        process.execPath,
        [mocha, '--no-config', ...options, suite as string],
        {
          encoding: 'utf8',
        },
      );
      expect(ended.status, ended.stderr).to.equal(2);
      expect(JSON.parse(await readFile(counts as string, 'utf8'))).to.deep.equal({
        passes: 1,
        failures: 2,
        failed: [
          {
            title: 'saw a circle',
            message: 'no (saw <ref *1> { number: 1n, itself: [Circular *1] })',
          },
          { title: 'saw a list', message: "no (saw [ 1, { a: 'b' } ])" },
        ],
      });
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
