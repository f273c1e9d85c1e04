import { readFileSync } from 'node:fs';

/** What proc(5) tells of a process; undefined once it has ended and its parent knows. */
export function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** ESRCH: it ended between the file's opening and its reading, or before a signal came. */
export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}

/** Of a line of stat the third field, the state, and those after it; none in a line that has no name. */
export function fieldsFromState(line: string): string[] {
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const close = line.lastIndexOf(')');
  return close < 0 ? [] : line.slice(close + 2).split(' ');
}

/** User and system time that a process, a zombie too, or one `task/TID` of it has had; undefined once it is gone. */
export function cpuSecondsOf(pid: number, task?: string): number | undefined {
  const line = procFile(pid, task === undefined ? 'stat' : `${task}/stat`);
  if (line === undefined) return undefined;
  // Fields 14 and 15 of proc(5)'s stat, in clock ticks: 10 ms on every Linux.
  const fields = fieldsFromState(line);
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
