import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { writeTinyModel } from '../fixtures/tiny-bundle.ts';

const run = promisify(execFile);

describe('onnxruntime in the engine', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'telemetry-test-'));
  });
  after(() => rm(dir, { recursive: true }));

  /** The files that a process leaves in its temporary folder when it has created a session in a worker thread. */
  async function filesOf(prelude: string): Promise<string[]> {
    const modelPath = await writeTinyModel(dir);
    const temporary = join(dir, `tmp-${prelude.length}`);
    await mkdir(temporary);
    const worker = `import('onnxruntime-node')
      .then(({ InferenceSession }) => InferenceSession.create(${JSON.stringify(modelPath)}))`;
    const program = `${prelude}
      const { Worker } = await import('node:worker_threads');
      new Worker(${JSON.stringify(worker)}, { eval: true })
        .on('error', (error) => { throw error; });`;
    await run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      env: { PATH: process.env.PATH, TMPDIR: temporary },
    });
    return readdir(temporary);
  }

  it('reports nothing to anybody: it does not even begin to', async () => {
    expect(await filesOf('await import("./no-telemetry.ts");')).to.deep.equal([]);
  });

  it('would, without the setting', async () => {
    expect((await filesOf('')).join()).to.match(/mat-debug/);
  });
});
