import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process that can't be mistaken for another: pids are used again, the pair of pid and start time is not
 * (within one boot of the machine).
 */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks between boot and the process's start: field 22 of /proc/PID/stat, proc(5). */
  started: number;
}

/** Reads one line of /proc/PID/stat; undefined for a zombie, which runs no more, and for anything unreadable. */
export function parseStat(line: string): ProcessIdentity | undefined {
  const pid = Number.parseInt(line, 10);
  const fields = fieldsFromState(line);
  const started = Number(fields[19]);
  if (!Number.isInteger(pid) || !Number.isInteger(started)) return undefined;
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, started };
}

/** The third field, the state, and those after it; none in a line that has no name. */
function fieldsFromState(line: string): string[] {
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const close = line.lastIndexOf(')');
  return close < 0 ? [] : line.slice(close + 2).split(' ');
}

/** The process that has this pid now. */
export function identify(pid: number): ProcessIdentity | undefined {
  const line = statOf(pid);
  return line === undefined ? undefined : parseStat(line);
}

/** User and system time that a process has had, a zombie's too; undefined once its parent knows of its end. */
export function cpuSecondsOf(pid: number): number | undefined {
  const line = statOf(pid);
  if (line === undefined) return undefined;
  // Fields 14 and 15 of proc(5)'s stat, in clock ticks: 10 ms on every Linux.
  const fields = fieldsFromState(line);
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function statOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Sends a signal to exactly this process; false when it runs no more. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Ends exactly these processes: SIGTERM, and SIGKILL for those that still run after the time of grace.
 * Resolves once none of them runs.
 */
export async function end(identities: ProcessIdentity[], graceMs = 10_000): Promise<void> {
  for (const identity of identities) signal(identity, 'SIGTERM');
  await gone(identities, graceMs);
  for (const identity of identities) signal(identity, 'SIGKILL');
  if (!(await gone(identities, 30_000))) {
    const left = identities.filter(isAlive).map(({ pid }) => pid);
    throw new Error(
      `Processes ${left.join(', ')} do not end, even by SIGKILL; see /proc/PID/stack.`,
    );
  }
}

async function gone(identities: ProcessIdentity[], limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (identities.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ESRCH';
}
