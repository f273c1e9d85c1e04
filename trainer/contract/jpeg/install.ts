import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { addonFolder, jpegSources } from './binding.ts';

/*
 * Compiles the decoder of JPEGs against the machine's libjpeg-turbo, and puts a copy of that library beside it: an image then
 * needs neither compiler nor package. Takes two seconds, so it is done anew for each node_modules.
 *
 *   node trainer/contract/jpeg/install.ts
 */

const needed = 'apt-get install gcc libc6-dev libjpeg-dev';

function main(): void {
  const home = addonFolder();
  if (existsSync(join(home, 'jpeg.node'))) {
    say('the decoder is ready');
    return;
  }
  mkdirSync(dirname(home), { recursive: true });
  // Renamed into place when it is whole: another process may be loading it.
  const work = mkdtempSync(`${home}.building-`);
  try {
    chmodSync(work, 0o755);
    const library = realpathSync(libraryPath());
    compile(join(work, 'jpeg.node'));
    copyFileSync(library, join(work, sharedName(library)));
    rmSync(home, { recursive: true, force: true });
    renameSync(work, home);
    say('the decoder is compiled');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function libraryPath(): string {
  const path = run('gcc', ['-print-file-name=libjpeg.so']).trim();
  // gcc gives the bare name back when it knows no such file.
  if (path === basename(path)) throw new Error(`libjpeg-turbo is missing: ${needed}`);
  return path;
}

/** The name that the addon asks the loader for: libjpeg.so.62 of libjpeg.so.62.3.0. */
function sharedName(library: string): string {
  return /^libjpeg\.so\.\d+/.exec(basename(library))?.[0] ?? basename(library);
}

function compile(target: string): void {
  const sources = jpegSources.filter((name) => name.endsWith('.c'));
  run('gcc', [
    ...['-shared', '-fPIC', '-O3', '-std=gnu11', '-Wall', '-Wextra', '-fstack-protector-strong'],
    ...['-fvisibility=hidden', '-DNAPI_VERSION=8', '-I', nodeHeaders()],
    ...sources.map((name) => join(import.meta.dirname, name)),
    ...['-Wl,-rpath,$ORIGIN', '-ljpeg', '-lm', '-o', target],
  ]);
}

/** The headers of the Node that runs this: beside its binary, in the npm package as in the official archive. */
function nodeHeaders(): string {
  return join(dirname(process.execPath), '..', 'include', 'node');
}

function run(program: string, args: string[]): string {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  if (done.error) throw new Error(`${program} does not run (${done.error.message}): ${needed}`);
  if (done.status !== 0) throw new Error(`${program} failed: ${done.stderr}\nIt needs: ${needed}`);
  return done.stdout;
}

function say(line: string): void {
  process.stderr.write(`jpeg: ${line}\n`);
}

try {
  main();
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
