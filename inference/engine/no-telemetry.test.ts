import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { writeTinyModel } from '../fixtures/tiny-bundle.ts';

const run = promisify(execFile);

/** Creates a session in a worker thread, as the engine does. Without the setting, the temporary folder is not empty after it. */
const program = (modelPath: string) => `
  await import('@shelfwise/trainer-contract/onnxruntime');
  const { Worker } = await import('node:worker_threads');
  const session = "import('onnxruntime-node')"
    + ${JSON.stringify(`.then(({ InferenceSession }) => InferenceSession.create(${JSON.stringify(modelPath)}))`)};
  new Worker(session, { eval: true }).on('error', (error) => { throw error; });`;

describe('onnxruntime in the engine', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'telemetry-test-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('reports nothing to anybody: it does not even begin to', async () => {
    const modelPath = await writeTinyModel(dir);
    const temporary = join(dir, 'tmp');
    await mkdir(temporary);
    await run(process.execPath, ['--input-type=module', '--eval', program(modelPath)], {
      cwd: import.meta.dirname,
      env: { PATH: process.env.PATH, TMPDIR: temporary },
    });
    expect(await readdir(temporary)).to.deep.equal([]);
  });
});
