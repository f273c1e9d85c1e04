import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StepError } from '@shelfwise/trainer-contract/messages';

/**
 * Marks a folder as in use by this process; what is given back frees it. Throws BadConfiguration while another process uses
 * it. The mark of one that was killed counts for nothing.
 */
export async function takeFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'pid');
  for (;;) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder !== process.pid && isAlive(holder)) {
      throw new StepError(
        'BadConfiguration',
        `The folder ${folder} is in use by the process ${holder} (${path}): end that one, or choose another folder with --data.`,
      );
    }
    await rm(path, { force: true });
  }
}

/** Whether there is such a process, whoever's it is. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
