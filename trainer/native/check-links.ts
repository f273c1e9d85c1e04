import { spawnSync } from 'node:child_process';
import { readdir, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { missingLibraries } from './links.ts';

/**
 * Checks that the addon and the libraries behind it find every shared library that they want:
 *
 *   node trainer/native/check-links.ts cpu|gpu
 *
 * TensorFlow opens CUDA's libraries by name only when it meets a GPU, so a broken GPU image would be noticed on a GPU
 * node at the earliest; here it is noticed where the image is built.
 */
const openedByName = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcudnn.so.9',
  'libcufft.so.11',
  'libcupti.so.12',
  'libcusolver.so.11',
  'libcusparse.so.12',
];

async function main(device: string | undefined): Promise<void> {
  if (device !== 'cpu' && device !== 'gpu')
    throw new Error('usage: node trainer/native/check-links.ts cpu|gpu');
  const name = device === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const home = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  const addon = join(home, 'lib', 'napi-v8', 'tfjs_binding.node');
  const libraries = await realpath(join(home, 'deps', 'lib'));
  const files = [addon, join(libraries, 'libtensorflow_cc.so.2')];
  const folders = device === 'gpu' ? await cudaFolders(join(libraries, '..', 'nvidia')) : [];
  const names = new Map<string, string>();
  for (const folder of folders) {
    for (const file of await readdir(folder)) names.set(file, join(folder, file));
  }
  const absent = device === 'gpu' ? openedByName.filter((wanted) => !names.has(wanted)) : [];
  files.push(...[...names.values()].filter((path) => /\.so(\.|$)/.test(path)));
  const missing = files.flatMap((file) => unresolved(file, folders));
  for (const wanted of absent)
    missing.push(`${wanted}, which TensorFlow opens by name, is in no wheel`);
  for (const line of missing) process.stderr.write(`${line}\n`);
  process.stdout.write(`${JSON.stringify({ device, checked: files.length, missing })}\n`);
  process.exitCode = missing.length > 0 ? 1 : 0;
}

async function cudaFolders(root: string): Promise<string[]> {
  const wheels = await readdir(root);
  return wheels.map((wheel) => join(root, wheel, 'lib'));
}

/** The libraries that the dynamic linker does not find for `file`, with `folders` where TensorFlow would look. */
function unresolved(file: string, folders: string[]): string[] {
  const ldd = spawnSync('ldd', [file], {
    encoding: 'utf8',
    env: { ...process.env, LD_LIBRARY_PATH: folders.join(':') },
  });
  if (ldd.error || ldd.status !== 0)
    throw new Error(`ldd can't read ${file}: ${ldd.error?.message ?? ldd.stderr.trim()}`);
  return missingLibraries(ldd.stdout).map((library) => `${file} wants ${library}: not found`);
}

await main(process.argv[2]).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
