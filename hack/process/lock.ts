import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Runs `work` while holding an exclusive lock on `file`, across processes. The lock is the kernel's (flock(1)), held
 * by a child that reads our end of a pipe: however this process ends, SIGKILL included, the lock is free again.
 */
export async function withLock<T>(
  file: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const waiting = setTimeout(onWait, 1000);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.once('error', (cause) =>
        reject(
          new Error(`flock does not start (Debian package util-linux): ${cause.message}`, {
            cause,
          }),
        ),
      );
      holder.once('close', (code) =>
        reject(new Error(`flock ${file} ended with exit code ${code}.`)),
      );
      holder.stdout.once('data', () => resolve());
    });
  } finally {
    clearTimeout(waiting);
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
