import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalLayout } from './layout.ts';

/** Settings of the kernel that kubelet, kube-proxy, CNI or we change. */
const settings = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/route_localnet',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** Folders whose names are fixed in containerd, CNI and kubelet, and can't be had elsewhere. */
const folders = ['/run/containerd', '/var/lib/cni', '/var/lib/kubelet', '/var/log/containers'];

interface Before {
  settings: Record<string, string>;
  /** The folders that did not exist. */
  absent: string[];
}

/** Writes down how the host was, once: before the first thing on it is changed. */
export async function rememberHost(layout: LocalLayout): Promise<void> {
  const file = join(layout.state, 'host.json');
  if (existsSync(file)) return;
  const before: Before = { settings: {}, absent: folders.filter((folder) => !existsSync(folder)) };
  for (const name of settings) {
    const path = join('/proc/sys', name);
    if (existsSync(path)) before.settings[name] = (await readFile(path, 'utf8')).trim();
  }
  await mkdir(layout.state, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, JSON.stringify(before, null, 2));
  await rename(`${file}.new`, file);
}

/** Puts the host back to what was written down. `rebooted`: the kernel has its own values again, those stay. */
export async function restoreHost(layout: LocalLayout, rebooted: boolean): Promise<void> {
  const text = await readFile(join(layout.state, 'host.json'), 'utf8').catch(() => undefined);
  await removeRemains(layout);
  if (text === undefined) return;
  const before: Before = JSON.parse(text);
  for (const folder of before.absent) await pruneEmpty(folder);
  if (rebooted) return;
  for (const [name, value] of Object.entries(before.settings)) {
    const path = join('/proc/sys', name);
    if ((await readFile(path, 'utf8')).trim() !== value) await writeFile(path, value);
  }
}

/** Files in the fixed folders that are ours by their name or by what they point at. */
async function removeRemains(layout: LocalLayout): Promise<void> {
  const results = '/var/lib/cni/results';
  for (const entry of await readdir(results).catch(() => [])) {
    if (entry.startsWith('shelfwise-')) await rm(join(results, entry));
  }
  const logs = '/var/log/containers';
  for (const entry of await readdir(logs).catch(() => [])) {
    const target = await readlink(join(logs, entry)).catch(() => '');
    if (target.startsWith(`${layout.state}/`)) await rm(join(logs, entry));
  }
}

/** Removes a folder if nothing but empty folders is in it; those that are empty go in any case. */
async function pruneEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await pruneEmpty(join(folder, entry.name));
  await rmdir(folder).catch((error) => {
    if (error.code !== 'ENOTEMPTY') throw error;
  });
}
