import { readdirSync, readFileSync } from 'node:fs';
import { cpuSecondsOf } from './identity.ts';

/** A process and all that descend from it, as they are now (proc(5): PPid in /proc/PID/status). */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(textOf(`/proc/${name}/status`) ?? '')?.[1]);
    if (!Number.isNaN(parent))
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** User and system time that the tree's living processes have had, all threads together. */
export function cpuSecondsOfTree(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + (cpuSecondsOf(pid) ?? 0), 0);
}

/** MiB that the tree holds, pages that several of its processes share counted once (Pss in /proc/PID/smaps_rollup). */
export function memoryOfTree(root: number): number {
  const kibibytes = treeOf(root).map((pid) =>
    Number(/^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0),
  );
  return kibibytes.reduce((sum, each) => sum + each, 0) / 1024;
}

/** Of each thread of a process: its name and the CPU seconds that it has had. */
export function threadsOf(pid: number): { id: number; name: string; cpuSeconds: number }[] {
  const dir = `/proc/${pid}/task`;
  return readdirSync(dir).flatMap((id) => {
    const stat = textOf(`${dir}/${id}/stat`);
    if (stat === undefined) return [];
    const close = stat.lastIndexOf(')');
    const fields = stat.slice(close + 2).split(' ');
    const name = stat.slice(stat.indexOf('(') + 1, close);
    return [{ id: Number(id), name, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 }];
  });
}

/** Undefined for what has ended meanwhile. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
