import { readFileSync } from 'node:fs';

/**
 * What a process and those that it started hold in memory now, in MiB; what several of them share counts once (proc(5),
 * Pss). 0 once it is gone.
 */
export function treeMemoryMiB(pid: number): number {
  const [, kib = '0'] = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`)) ?? [];
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + treeMemoryMiB(Number(child)), Number(kib) / 1024);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH: it ended between the file's opening and its reading.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
