import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, type ProcessIdentity } from '../process/identity.ts';
import { run } from '../process/run.ts';
import type { LocalLayout } from './local/layout.ts';

/** What a cluster could leave on a machine, for comparison. */
export async function hostPicture(layout: LocalLayout) {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4]);
  const listening = await run('ss', ['--listening', '--tcp', '--udp', '--numeric', '--no-header']);
  return {
    links: (await readdir('/sys/class/net')).sort(),
    routes: (await run('ip', ['route', 'show', 'table', 'all'])).split('\n').sort(),
    mounts: mounts.sort(),
    rules: (await run('nft', ['--stateless', 'list', 'ruleset'])).trim(),
    cgroups: (await cgroups()).filter((path) => existsSync(join(path, layout.cgroup))),
    ports: listening.split('\n').filter((line) => /198\.18\.|127\.0\.0\.1:5000/.test(line)),
    settings: Object.fromEntries(
      await Promise.all(
        settings.map(async (name) => [name, await readFile(`/proc/sys/${name}`, 'utf8')]),
      ),
    ),
    folders: folders.filter((path) => existsSync(path)),
    namespaces: (await readdir('/run/netns').catch(() => [])).sort(),
  };
}

const settings = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/route_localnet',
  'net/ipv4/conf/all/rp_filter',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'net/netfilter/nf_conntrack_max',
  'net/netfilter/nf_conntrack_tcp_timeout_established',
];

const folders = [
  '/run/containerd',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/lib/containerd',
  '/var/log/containers',
  '/var/log/pods',
  '/etc/cni',
  '/var/run/kubernetes',
];

/** Every process of the cluster, pods' and shims included, by another way than the cluster's own records. */
export async function processesOf(layout: LocalLayout): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    const inCgroup = (await read('cgroup'))
      .split('\n')
      .some((line) => line.split(':')[2]?.startsWith(`/${layout.cgroup}/`));
    const named = (await read('cmdline')).includes(`${layout.state}/`);
    const identity = inCgroup || named ? identify(Number(pid)) : undefined;
    if (identity) found.push(identity);
  }
  return found;
}

async function cgroups(): Promise<string[]> {
  const root = '/sys/fs/cgroup';
  const entries = await readdir(root, { withFileTypes: true });
  return [
    root,
    ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name)),
  ];
}
