import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hexOf, sha256Of } from '@shelfwise/trainer-contract/digest';
import { type Config, readConfig } from '../config.ts';
import { withLock } from '../process/lock.ts';
import { run } from '../process/run.ts';
import { exists } from './exists.ts';

/**
 * The folder of a virtual environment that holds exactly the packages of a requirements.txt, made first where it is not there.
 * It lies in the cache under the digest of that file. Throws one sentence where Python or a package is not to be had.
 *
 * @param name what it is for, in the name of its folder
 * @param requirements of pinned versions, dependencies included: pip resolves nothing
 * @param say is told what takes long
 */
export async function pythonEnvironment(
  name: string,
  requirements: URL,
  say: (line: string) => void,
  { cacheDir }: Config = readConfig(),
): Promise<string> {
  const file = fileURLToPath(requirements);
  const digest = hexOf(sha256Of(await readFile(file))).slice(0, 12);
  const home = join(cacheDir, 'python', `${name}-${digest}`);
  if (await isWhole(home)) return home;
  const waiting = () => say(`waiting for another process that installs ${name} …`);
  await withLock(join(cacheDir, 'locks', `python-${name}.lock`), waiting, async () => {
    if (await isWhole(home)) return;
    await mkdir(join(cacheDir, 'python'), { recursive: true });
    // What an interrupted installation left; its scripts name this very folder, so it can't be made elsewhere and moved here.
    await rm(home, { recursive: true, force: true });
    say(`installing ${name} …`);
    // Without a pip of its own: Debian has what that takes in a package apart (python3-venv).
    await withNeed(
      run('python3', ['-m', 'venv', '--without-pip', home]),
      'python3 (apt-get install)',
    );
    const pip = [
      '-m',
      'pip',
      '--python',
      join(home, 'bin', 'python'),
      '--disable-pip-version-check',
    ];
    const options = ['install', '--quiet', '--only-binary', ':all:', '--no-deps'];
    await withNeed(
      run('python3', [...pip, ...options, '--requirement', file]),
      'python3-pip (apt-get install) and the Python package index',
    );
    await writeFile(join(home, 'complete.new'), '');
    await rename(join(home, 'complete.new'), join(home, 'complete'));
  });
  return home;
}

async function withNeed(work: Promise<unknown>, needs: string): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw new Error(`${(cause as Error).message} It needs ${needs}.`, { cause });
  }
}

/** Whether all is installed, and for the Python of today: after an upgrade of the machine its link leads to one that finds nothing. */
async function isWhole(home: string): Promise<boolean> {
  if (!(await exists(join(home, 'complete')))) return false;
  const version = /\d+\.\d+/.exec(await run('python3', ['--version']).catch(() => ''))?.[0];
  return version !== undefined && exists(join(home, 'lib', `python${version}`));
}
