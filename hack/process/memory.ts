import { readFileSync } from 'node:fs';

/** Of a process, in MiB: what it holds in memory now, and the most it ever held (VmRSS and VmHWM, proc(5)). */
export interface Memory {
  now: number;
  peak: number;
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string): number => {
    const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
    if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}.`);
    return Number(kibibytes) / 1024;
  };
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
}
