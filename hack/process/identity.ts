import { setTimeout as sleep } from 'node:timers/promises';
import { fieldsFromState, isGone, procFile } from './proc.ts';

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

/** The process that has this pid now. */
export function identify(pid: number): ProcessIdentity | undefined {
  const line = procFile(pid, 'stat');
  return line === undefined ? undefined : parseStat(line);
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
