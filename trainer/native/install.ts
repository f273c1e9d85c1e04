import { spawnSync } from 'node:child_process';
import {
  access,
  copyFile,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from './cache.ts';
import { cudaWheels } from './cuda-wheels.ts';
import { addonName, addonSources, librariesRecipe, napiVersion } from './recipe.ts';
import { type Device, tensorflowVersion, tensorflowWheels } from './tensorflow-wheels.ts';
import {
  downloadWheel,
  folderBeside,
  moveIntoPlace,
  requireProgram,
  unpackWheel,
} from './wheel.ts';

/**
 * Gives tfjs-node a current TensorFlow. Its own install script downloads TensorFlow 2.9 (CUDA 11.2), which
 * knows no GPU of today; here its addon is compiled against the libraries of TensorFlow's Python wheel.
 *
 *   node trainer/native/install.ts cpu|gpu [--into DIR]
 *
 * DIR (default: the cache) keeps the libraries, their headers and the addon; node_modules only gets a link to the
 * libraries and a copy of the addon (180 KB), so a second clone needs no second build. The addon has the digest of its
 * sources in its name: another tfjs-node compiles its own beside it.
 */
const packages: Record<Device, string> = {
  cpu: '@tensorflow/tfjs-node',
  gpu: '@tensorflow/tfjs-node-gpu',
};
const require = createRequire(import.meta.url);

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { into: { type: 'string' } },
  });
  const device = positionals[0] ?? 'cpu';
  if (device !== 'cpu' && device !== 'gpu')
    throw new Error(`Unknown device "${device}": say cpu or gpu.`);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `TensorFlow's wheel is built for Linux on x64, not for ${process.platform} on ${process.arch}: train in the trainer image.`,
    );
  const home = join(
    values.into ?? join(cacheDirectory(), 'tensorflow'),
    `${tensorflowVersion}-${device}`,
  );
  const built = await readFile(join(home, 'complete'), 'utf8').catch(() => undefined);
  if (built !== librariesRecipe(device)) await build(device, home);
  await connect(device, home, await addon(device, home));
}

/** Downloads and unpacks in a folder beside `home`, and renames it into place when it is whole. */
async function build(device: Device, home: string): Promise<void> {
  // Before gigabytes are downloaded for nothing.
  requireCompiler();
  const work = await folderBeside(home);
  try {
    say(`downloading TensorFlow ${tensorflowVersion} for ${device} …`);
    const wheel = await downloadWheel(tensorflowWheels[device], work);
    say('unpacking its libraries and headers …');
    await unpackWheel(wheel, work, isNeeded);
    await rm(wheel);
    for (const library of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
      run('strip', ['--strip-unneeded', join(work, 'tensorflow', library)]);
    await linkNames(join(work, 'tensorflow'));
    if (device === 'gpu') await addCuda(work);
    await writeFile(join(work, 'complete'), librariesRecipe(device));
    await moveIntoPlace(work, home);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The linker looks for the names that libtensorflow has when it comes without Python. */
async function linkNames(libraries: string): Promise<void> {
  await symlink('libtensorflow_cc.so.2', join(libraries, 'libtensorflow.so'));
  await symlink('libtensorflow_cc.so.2', join(libraries, 'libtensorflow.so.2'));
  await symlink('libtensorflow_framework.so.2', join(libraries, 'libtensorflow_framework.so'));
}

const flags = ['-shared', '-fPIC', '-O2', '-std=gnu++17', `-DNAPI_VERSION=${napiVersion}`];

/** The compiled addon of the package that is installed: found, or made. Two source files, so neither node-gyp nor make is needed. */
async function addon(device: Device, home: string): Promise<string> {
  const folder = packageFolder(device);
  const sources = await addonSources(folder);
  const name = addonName({ sources, headersNapi: process.versions.napi ?? '', flags });
  const path = join(home, name);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  requireCompiler();
  say('compiling the addon …');
  const made = `${path}.${process.pid}`;
  const libraries = join(home, 'tensorflow');
  run('g++', [
    ...flags,
    ...['-I', nodeHeaders(), '-I', join(libraries, 'include')],
    ...[...sources.keys()]
      .filter((each) => each.endsWith('.cc'))
      .map((each) => join(folder, 'binding', each)),
    ...['-L', libraries, '-ltensorflow', '-ltensorflow_framework'],
    ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', made],
  ]);
  await rename(made, path);
  return path;
}

/** CUDA's libraries stand where the wheel's own search path looks for them: in ../nvidia. */
async function addCuda(work: string): Promise<void> {
  for (const cuda of cudaWheels) {
    say(`downloading ${cuda.name} ${cuda.version} …`);
    const wheel = await downloadWheel(cuda, work);
    await unpackWheel(wheel, work, (member) => /^nvidia\/[^/]+\/lib\/.*\.so/.test(member));
    await rm(wheel);
  }
}

/** Lets the package in node_modules find libraries and addon. Does nothing where it already does. */
async function connect(device: Device, home: string, built: string): Promise<void> {
  const folder = packageFolder(device);
  const target = join(folder, 'lib', `napi-v${napiVersion}`, 'tfjs_binding.node');
  const link = join(folder, 'deps', 'lib');
  const libraries = join(home, 'tensorflow');
  const linked = await readlink(link).catch(() => undefined);
  if (linked === libraries && (await same(built, target)))
    return say(`${packages[device]} is ready`);
  await mkdir(dirname(target), { recursive: true });
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { recursive: true, force: true });
  await symlink(libraries, link);
  // The loader takes $ORIGIN from the file's real path: a link to the addon would look in the wrong place.
  await copyFile(built, target);
  say(`${packages[device]} now runs on TensorFlow ${tensorflowVersion} (${device})`);
}

function isNeeded(member: string): boolean {
  return (
    /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(member) ||
    /^tensorflow\/include\/(tensorflow\/c|tensorflow\/core\/platform|tsl\/platform|xla\/tsl\/c)\//.test(
      member,
    ) ||
    member === 'tensorflow/THIRD_PARTY_NOTICES.txt'
  );
}

function requireCompiler(): void {
  requireProgram('g++', ['--version'], 'apt-get install g++');
}

function packageFolder(device: Device): string {
  return dirname(require.resolve(`${packages[device]}/package.json`));
}

/** The headers of the Node that runs this: beside its binary, in the npm package as in the official archive. */
function nodeHeaders(): string {
  return join(dirname(process.execPath), '..', 'include', 'node');
}

function run(program: string, args: string[]): void {
  const done = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8' });
  if (done.error || done.status !== 0)
    throw new Error(`${program} failed (${done.status ?? done.error?.message}): ${done.stderr}`);
}

async function same(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all(
    [one, other].map((path) => readFile(path).catch(() => undefined)),
  );
  return left !== undefined && right !== undefined && left.equals(right);
}

function say(line: string): void {
  process.stderr.write(`tensorflow: ${line}\n`);
}

await main().catch((error: Error) => {
  process.stderr.write(`tensorflow: ${error.message}\n`);
  process.exitCode = 1;
});
