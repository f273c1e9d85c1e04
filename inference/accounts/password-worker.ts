/** A thread that hashes passwords, one at a time, as the least urgent work of the machine. */
import { readlinkSync } from 'node:fs';
import { platform, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';

/** OWASP's parameters for argon2id (the package's default algorithm): 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

export type Work =
  | { kind: 'hash'; password: string }
  | { kind: 'verify'; password: string; hash: string };
export type Done = { value: string | boolean } | { error: string };

// Linux gives each thread a niceness of its own: those that predict go first.
if (platform() === 'linux') setPriority(Number(basename(readlinkSync('/proc/thread-self'))), 19);

parentPort?.on('message', (work: Work) => {
  parentPort?.postMessage(perform(work));
});

function perform(work: Work): Done {
  try {
    const { password } = work;
    if (work.kind === 'hash') return { value: hashSync(password, parameters) };
    return { value: verifySync(work.hash, password) };
  } catch (error) {
    return { error: String(error) };
  }
}
