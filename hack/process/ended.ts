import type { ChildProcess } from 'node:child_process';

/** Whether a child runs no more, be it that it left by itself or that a signal ended it. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
