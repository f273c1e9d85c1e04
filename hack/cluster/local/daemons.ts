import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { end, isAlive, type ProcessIdentity, parseStat } from '../../process/identity.ts';
import { lastLines } from '../../process/run.ts';
import { waitFor } from '../../process/wait.ts';

/** A process that outlives the one that starts it. */
export interface Daemon {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Its configuration: path → text. */
  files?: Record<string, string>;
  /** True once it serves; not yet: undefined, or an exception that says what was seen. */
  ready: () => Promise<true | undefined>;
}

export interface DaemonFolders {
  processes: string;
  logs: string;
}

export interface DaemonRecord {
  name: string;
  identity: ProcessIdentity;
  alive: boolean;
  /** Digest of what was started: command, arguments and configuration. */
  fingerprint: string;
}

const readyLimitMs = 120_000;

/** Every process that was started and not ended since, whether it still runs or not. */
export async function readRecords(folders: DaemonFolders): Promise<DaemonRecord[]> {
  const files = await readdir(folders.processes).catch(() => []);
  const names = files
    .filter((file) => file.endsWith('.stat'))
    .map((file) => file.slice(0, -'.stat'.length));
  const records = await Promise.all(names.map((name) => readRecord(name, folders)));
  return records.filter((record) => record !== undefined);
}

async function readRecord(
  name: string,
  { processes }: DaemonFolders,
): Promise<DaemonRecord | undefined> {
  // Neither file may be there: this daemon was never started, or is being started at this moment.
  const read = (file: string) => readFile(join(processes, file), 'utf8').catch(() => '');
  const identity = parseStat(await read(`${name}.stat`));
  if (identity === undefined) return undefined;
  return {
    name,
    identity,
    alive: isAlive(identity),
    fingerprint: await read(`${name}.fingerprint`),
  };
}

/**
 * Starts the daemon unless it runs just so; resolves once it serves. Throws with its last words, or at once when `signal`
 * says that the whole start has failed.
 */
export async function ensureRunning(
  daemon: Daemon,
  folders: DaemonFolders,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const record = await readRecord(daemon.name, folders);
  const fingerprint = fingerprintOf(daemon);
  let identity = record?.identity;
  if (!record?.alive || record.fingerprint !== fingerprint) {
    if (record?.alive) await end([record.identity]);
    identity = await start(daemon, fingerprint, folders);
  }
  const log = logFile(daemon.name, folders);
  await waitFor(daemon.ready, {
    what: `${daemon.name} to serve`,
    limitMs: readyLimitMs,
    hopeless: () => {
      if (signal.aborted) return `${daemon.name} is not waited for, because another part failed.`;
      return identity && isAlive(identity) ? undefined : `${daemon.name} ended while it started.`;
    },
  }).catch(async (cause) => {
    const words = lastLines(await readFile(log, 'utf8').catch(() => ''), 15);
    throw new Error(`${cause.message} Its log, ${log}, ends with:\n${words}`, { cause });
  });
}

/** Ends the daemons of these names, or all, and forgets them; each has `graceMs` to do it by itself. */
export async function endDaemons(
  folders: DaemonFolders,
  graceMs: number,
  names?: string[],
): Promise<void> {
  const records = (await readRecords(folders)).filter(({ name }) => names?.includes(name) ?? true);
  await end(
    records.map(({ identity }) => identity),
    graceMs,
  );
  for (const { name } of records) {
    await rm(join(folders.processes, `${name}.stat`), { force: true });
    await rm(join(folders.processes, `${name}.fingerprint`), { force: true });
  }
}

/** What must be equal for a running daemon to be left as it is. */
export function fingerprintOf({ command, args, files }: Daemon): string {
  return createHash('sha256')
    .update(JSON.stringify([command, args, files ?? {}]))
    .digest('hex');
}

export function logFile(name: string, { logs }: DaemonFolders): string {
  return join(logs, `${name}.log`);
}

async function start(
  daemon: Daemon,
  fingerprint: string,
  folders: DaemonFolders,
): Promise<ProcessIdentity> {
  for (const [path, text] of Object.entries(daemon.files ?? {})) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  }
  await Promise.all(
    [folders.processes, folders.logs].map((folder) => mkdir(folder, { recursive: true })),
  );
  const log = logFile(daemon.name, folders);
  await rename(log, `${log}.1`).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  const stat = join(folders.processes, `${daemon.name}.stat`);
  await rm(stat, { force: true });
  await writeFile(join(folders.processes, `${daemon.name}.fingerprint`), fingerprint);
  const descriptor = openSync(log, 'a');
  // The process writes its own record before it becomes the daemon: at no moment does an unrecorded daemon run,
  // not even when we are killed here. Pid and start time survive exec.
  const script = 'cat "/proc/$$/stat" > "$0.new" && mv "$0.new" "$0" && exec "$@"';
  const child = spawn('/bin/sh', ['-c', script, stat, daemon.command, ...daemon.args], {
    cwd: '/',
    detached: true,
    env: daemon.env,
    stdio: ['ignore', descriptor, descriptor],
  });
  closeSync(descriptor);
  child.unref();
  const { pid } = child;
  return waitFor(
    async () => {
      const identity = parseStat(await readFile(stat, 'utf8'));
      return identity?.pid === pid ? identity : undefined;
    },
    { what: `the record of ${daemon.name} in ${stat}`, limitMs: 180_000, everyMs: 5 },
  );
}
