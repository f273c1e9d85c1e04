import { readdirSync } from 'node:fs';
import { cpuSecondsOf, procFile } from './proc.ts';

/** A process and all that descend from it, as they are now (proc(5): PPid in /proc/PID/status). */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(procFile(Number(name), 'status') ?? '')?.[1]);
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

/** MiB that the tree holds, pages that several of its processes share counted once (Pss in /proc/PID/smaps_rollup); 0 once it is gone. */
export function memoryOfTree(root: number): number {
  const kibibytes = treeOf(root).map((pid) =>
    Number(/^Pss:\s+(\d+) kB$/m.exec(procFile(pid, 'smaps_rollup') ?? '')?.[1] ?? 0),
  );
  return kibibytes.reduce((sum, each) => sum + each, 0) / 1024;
}

/** The CPU seconds that each thread of a process has had. */
export function threadsOf(pid: number): { id: number; cpuSeconds: number }[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    const cpuSeconds = cpuSecondsOf(pid, `task/${id}`);
    return cpuSeconds === undefined ? [] : { id: Number(id), cpuSeconds };
  });
}
