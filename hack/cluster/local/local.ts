import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { withLock } from '../../process/lock.ts';
import { progress, since } from '../../process/progress.ts';
import type { Cluster, ClusterStatus, UpOptions } from '../cluster.ts';
import { apiserverUrl } from '../components.ts';
import { readClient } from '../pki.ts';
import { ask } from '../ready.ts';
import { readRecords } from './daemons.ts';
import { rememberHost } from './host.ts';
import { checkSocketPath, type LocalLayout, localLayout } from './layout.ts';
import { findDebianPrograms, findPrograms, type Programs } from './programs.ts';
import { start } from './start.ts';
import { bootId, fromEarlierBoot, stop } from './stop.ts';

const note = progress('cluster');

/** A Kubernetes of one node on this machine, without a container engine: its real components as plain processes. */
export function localCluster(config: Config): Cluster {
  const layout = localLayout(config);
  const locked = <T>(work: () => Promise<T>) =>
    withLock(
      join(config.cacheDir, 'locks', 'cluster.lock'),
      () => note.done('waiting for another start or stop'),
      work,
    );
  return {
    kind: 'local',
    kubeconfig: layout.kubeconfig,
    registry: `127.0.0.1:${layout.registry.port}`,
    up: (options) => {
      requireRoot();
      checkSocketPath(layout);
      return locked(() => up(layout, config, options));
    },
    down: () => {
      requireRoot();
      return locked(() => down(layout, config));
    },
    status: () => status(layout),
  };
}

async function up(layout: LocalLayout, config: Config, { gpus }: UpOptions): Promise<void> {
  const started = performance.now();
  const programs = await findPrograms(config);
  if (await fromEarlierBoot(layout)) {
    // etcd writes without fsync: after a restart of the machine its data are not to be trusted.
    note.done('the machine was restarted since; the cluster starts empty');
    await stop(layout, programs, config);
  }
  const kept = existsSync(join(layout.state, 'complete'));
  if (!kept && existsSync(layout.state)) await stop(layout, programs, config);
  try {
    await startOnce(layout, config, programs, gpus, !kept);
  } catch (error) {
    if (!kept) throw error;
    note.done(`it does not come back as it was, so it starts empty: ${(error as Error).message}`);
    await stop(layout, programs, config);
    await startOnce(layout, config, programs, gpus, true);
  }
  note.done(`ready in ${since(started)}, one node with ${gpus} fake nvidia.com/gpu`);
  note.done(`export KUBECONFIG=${layout.kubeconfig}`);
}

async function startOnce(
  layout: LocalLayout,
  config: Config,
  programs: Programs,
  gpus: number,
  empty: boolean,
) {
  await mkdir(layout.state, { recursive: true, mode: 0o700 });
  await rememberHost(layout);
  await writeFile(join(layout.state, 'boot-id'), await bootId());
  await checkRegistryPort(layout);
  note.update('starting');
  await start({ layout, programs, config, gpus, empty });
  await writeFile(join(layout.state, 'complete'), '');
}

async function down(layout: LocalLayout, config: Config): Promise<void> {
  const started = performance.now();
  const was = existsSync(layout.state);
  await stop(layout, await findDebianPrograms(config), config);
  note.done(was ? `stopped and removed in ${since(started)}` : 'none was there');
}

async function status(layout: LocalLayout): Promise<ClusterStatus> {
  const records = await readRecords(layout);
  const processes = records.map(({ name, identity, alive }) => ({
    name,
    pid: identity.pid,
    running: alive,
  }));
  const all: ClusterStatus = {
    kind: 'local',
    running: false,
    kubeconfig: layout.kubeconfig,
    processes,
    notes: [],
  };
  if (!existsSync(join(layout.state, 'complete')))
    return { ...all, notes: ['no cluster was started'] };
  const dead = processes.filter(({ running }) => !running).map(({ name }) => name);
  if (dead.length > 0)
    return { ...all, notes: [`not running: ${dead.join(', ')}; start it again with "up"`] };
  const admin = await readClient(layout.pki, 'admin');
  const { status: code, text } = await ask(
    `${apiserverUrl(layout.controlPlane)}/api/v1/nodes/${layout.node}`,
    admin,
  );
  if (code !== 200) return { ...all, notes: [`the API answered ${code}: ${text}`] };
  const node = JSON.parse(text);
  const ready = node.status.conditions.find(({ type }: { type: string }) => type === 'Ready');
  const gpus = Number(node.status.allocatable['nvidia.com/gpu'] ?? 0);
  return {
    ...all,
    running: ready?.status === 'True',
    registry: `127.0.0.1:${layout.registry.port}`,
    version: node.status.nodeInfo.kubeletVersion,
    gpus,
    notes: [
      `its ${gpus} nvidia.com/gpu are fake: pods that ask for one are scheduled, and get no device`,
      ...(ready?.status === 'True' ? [] : [`the node is not ready: ${ready?.message}`]),
    ],
  };
}

/** Another registry on the port would be taken for ours. */
async function checkRegistryPort(layout: LocalLayout): Promise<void> {
  const ours = (await readRecords(layout)).some(({ name, alive }) => name === 'registry' && alive);
  if (ours) return;
  const taken = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port: layout.registry.port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (!taken) return;
  throw new Error(
    `Port ${layout.registry.port} of 127.0.0.1, for the image registry, is taken by another program; "ss -ltnp" names it. ` +
      'If it is the service of the package docker-registry: systemctl disable --now docker-registry',
  );
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    'The local cluster makes network interfaces and mounts: run this as root (sudo), or with CLUSTER=kind or CLUSTER=current.',
  );
}
