import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { tinyBackbone } from '../conv-fusion/tiny-model.fixture.ts';
import { backboneOnnx } from '../onnx/backbone.ts';

const run = promisify(execFile);

/** Without the setting, the temporary folder is not empty after a session was created. */
const program = (modelPath: string) => `
  import { startPicturePool } from ${JSON.stringify(new URL('./pool.ts', import.meta.url))};
  const task = { kind: 'features', size: 32, width: 36, modelPath: ${JSON.stringify(modelPath)} };
  await (await startPicturePool({ task, workers: 1 })).close();`;

describe('onnxruntime in a worker of the trainer', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'telemetry-test-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('reports nothing to anybody: it does not even begin to', async () => {
    const modelPath = join(dir, 'backbone.onnx');
    await writeFile(modelPath, backboneOnnx(tinyBackbone(), 32));
    const temporary = join(dir, 'tmp');
    await mkdir(temporary);
    const path = join(dir, 'program.mjs');
    await writeFile(path, program(modelPath));
    const env = { PATH: process.env.PATH, TMPDIR: temporary };
    await run(process.execPath, [path], { env });
    expect(await readdir(temporary)).to.deep.equal([]);
  });
});
