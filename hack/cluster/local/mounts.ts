import { readFile } from 'node:fs/promises';
import { run } from '../../process/run.ts';

/**
 * The mount points at or below the folders, the last mounted first, as they must be unmounted; `text` is
 * /proc/self/mountinfo, proc(5).
 */
export function mountsBelow(text: string, folders: string[]): string[] {
  return text
    .split('\n')
    .map((line) => plain(line.split(' ')[4] ?? ''))
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)))
    .reverse();
}

/** Unmounts everything at or below the folders. */
export async function unmountBelow(folders: string[]): Promise<void> {
  const points = mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), folders);
  if (points.length === 0) return;
  // Lazy: a shell of the user may stand in one; it goes from the tree now and for good when that ends.
  await run('umount', ['--lazy', ...points]);
}

/** The kernel writes spaces and the like as \040. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
