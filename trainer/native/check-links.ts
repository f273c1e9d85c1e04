import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cudaCodeOf } from './cuda-code.ts';
import { missingLibraries, searchPath } from './links.ts';

/**
 * Checks that the addon and every library behind it find each shared library that they want:
 *
 *   node trainer/native/check-links.ts cpu|gpu
 *
 * TensorFlow opens CUDA's libraries by name only when it meets a GPU, so a broken GPU image would be noticed on a GPU
 * node at the earliest; here it is noticed where the image is built. So is a TensorFlow without code for the GPUs that the
 * project promises. Needs ldd and readelf (binutils).
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
  'libnccl.so.2',
];

/** NVIDIA A100, L4 and L40, H100 and H200; newer ones compile the PTX at their first start. */
const promised = ['sm_80', 'sm_89', 'sm_90', 'compute_90'];

async function main(device: string | undefined): Promise<void> {
  if (device !== 'cpu' && device !== 'gpu')
    throw new Error('usage: node trainer/native/check-links.ts cpu|gpu');
  const name = device === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const home = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  const libraries = await realpath(join(home, 'deps', 'lib'));
  const tensorflow = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((library) =>
    join(libraries, library),
  );
  const files = [join(home, 'lib', 'napi-v8', 'tfjs_binding.node'), ...tensorflow];
  for await (const file of glob('../nvidia/*/lib/*.so*', { cwd: libraries }))
    files.push(join(libraries, file));
  const missing = files.flatMap(unresolved);
  const code: Record<string, number> = {};
  if (device === 'gpu') {
    missing.push(...notOpened(tensorflow));
    for (const library of tensorflow)
      for (const [name, count] of Object.entries(await cudaCodeOf(library)))
        code[name] = (code[name] ?? 0) + count;
    for (const name of promised)
      if (!code[name]) missing.push(`TensorFlow holds no code for ${name}`);
  }
  for (const line of missing) process.stderr.write(`${line}\n`);
  process.stdout.write(`${JSON.stringify({ device, checked: files.length, missing, code })}\n`);
  process.exitCode = missing.length > 0 ? 1 : 0;
}

/** The libraries that the dynamic linker does not find for `file`. */
function unresolved(file: string): string[] {
  return missingLibraries(words('ldd', [file])).map(
    (library) => `${file} wants ${library}: not found`,
  );
}

/** dlopen looks where the run path of the library that calls it points to. */
function notOpened(callers: string[]): string[] {
  const folders = callers.flatMap((caller) =>
    searchPath(words('readelf', ['--dynamic', '--wide', caller]), dirname(caller)),
  );
  return openedByName
    .filter((name) => !folders.some((folder) => existsSync(join(folder, name))))
    .map((name) => `TensorFlow opens ${name} by name: it is in no folder of its run path`);
}

function words(program: string, args: string[]): string {
  // What the builder's environment adds to the search must not hide what a pod would miss.
  const { LD_LIBRARY_PATH: _, ...env } = process.env;
  const done = spawnSync(program, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  if (done.error || done.status !== 0)
    throw new Error(
      `${program} ${args.join(' ')} failed: ${done.error?.message ?? done.stderr.trim()}`,
    );
  return done.stdout;
}

await main(process.argv[2]).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
