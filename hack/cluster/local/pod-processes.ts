import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { end, identify, type ProcessIdentity } from '../../process/identity.ts';
import type { LocalLayout } from './layout.ts';

const hierarchies = '/sys/fs/cgroup';

/** Makes the cgroup that all pods live in, in every hierarchy there is (v1: one a controller; v2: one). */
export async function createCgroup(layout: LocalLayout): Promise<void> {
  for (const path of await candidates(layout)) await mkdir(path, { recursive: true });
}

/** Ends every process of a pod, and the shims of our containerd, by SIGKILL where they don't end by themselves. */
export async function endPods(layout: LocalLayout): Promise<void> {
  await end(await shims(layout), 0);
  for (const path of await existing(layout)) await end(await members(path), 0);
}

/** Removes the pods' cgroups; to be called when nothing runs in them. */
export async function removeCgroup(layout: LocalLayout): Promise<void> {
  for (const path of await existing(layout)) await removeTree(path);
}

/** The shims that report to our containerd, by its socket in their command line: nobody else's have it. */
async function shims(layout: LocalLayout): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (!words[0]?.includes('containerd-shim') || !words.includes(layout.containerd.socket))
      continue;
    const identity = identify(Number(pid));
    if (identity) found.push(identity);
  }
  return found;
}

async function members(cgroup: string): Promise<ProcessIdentity[]> {
  const text = await readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => '');
  const own = text.split('\n').flatMap((line) => identify(Number(line)) ?? []);
  const below = await Promise.all((await children(cgroup)).map(members));
  return [...own, ...below.flat()];
}

async function removeTree(cgroup: string): Promise<void> {
  for (const child of await children(cgroup)) await removeTree(child);
  for (let attempt = 1; ; attempt++) {
    try {
      return await rmdir(cgroup);
    } catch (error) {
      // The kernel lets go of a killed process's cgroup a moment after the process is gone.
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt === 100) throw error;
      await sleep(50);
    }
  }
}

async function children(cgroup: string): Promise<string[]> {
  const entries = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(cgroup, entry.name));
}

async function candidates(layout: LocalLayout): Promise<string[]> {
  const version2 = existsSync(join(hierarchies, 'cgroup.controllers'));
  const roots = version2 ? [hierarchies] : await children(hierarchies);
  return roots.map((root) => join(root, layout.cgroup));
}

async function existing(layout: LocalLayout): Promise<string[]> {
  return (await candidates(layout)).filter((path) => existsSync(path));
}

/** The sockets that shims listen on; a shim that was killed leaves its own behind. */
export async function removeShimSockets(layout: LocalLayout): Promise<void> {
  const tasks = join(layout.containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io');
  for (const id of await readdir(tasks).catch(() => [])) {
    const address = await readFile(join(tasks, id, 'address'), 'utf8').catch(() => '');
    const socket = address.trim().replace(/^unix:\/\//, '');
    if (socket.startsWith('/run/containerd/s/')) await rm(socket, { force: true });
  }
}
