import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, imagesLock } from '../../config.ts';
import { withLock } from '../../process/lock.ts';
import { removeContainers } from './containerd.ts';
import { endDaemons, readRecords } from './daemons.ts';
import { restoreHost } from './host.ts';
import type { LocalLayout } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import { removeNetwork } from './network.ts';
import { endPods, removeCgroup, removeShimSockets } from './pod-processes.ts';
import type { DebianPrograms } from './programs.ts';

/** Short: the data of nearly all are thrown away, and the apiserver takes ten seconds to part from its clients. */
const graceMs = 1000;

/**
 * Ends the cluster, whatever state it is in, and removes what it put on the host. Binaries and images stay in the cache.
 * Each step only looks at what is there: it can be repeated, also after it was itself interrupted.
 */
export async function stop(
  layout: LocalLayout,
  programs: DebianPrograms,
  config: Config,
): Promise<void> {
  const rebooted = await fromEarlierBoot(layout);
  // First who would start pods anew, then the pods.
  await endDaemons(layout, graceMs, [
    'kubelet',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
  ]);
  const containerd = (await readRecords(layout)).find(({ name }) => name === 'containerd');
  if (containerd?.alive) {
    // It is only tidier this way: what is left is ended below, and forgotten when a new cluster starts.
    await removeContainers(layout, programs).catch((error) =>
      process.stderr.write(`${error.message}\n`),
    );
  }
  await endDaemons(layout, graceMs);
  await endPods(layout);
  await removeShimSockets(layout);
  await unmountBelow([layout.state, layout.containerd.root]);
  // buildah leaves its storage mounted on itself; not to be taken from under a build that runs.
  await withLock(imagesLock(config), waitingForImages, () =>
    unmountBelow([join(config.cacheDir, 'buildah', 'storage')]),
  );
  await removeCgroup(layout);
  await removeNetwork(layout, programs);
  await restoreHost(layout, rebooted);
  await rm(layout.state, { recursive: true, force: true });
}

function waitingForImages(): void {
  process.stderr.write('cluster: waiting for the end of a build of images\n');
}

export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Whether the machine was restarted since this cluster was started. */
export async function fromEarlierBoot(layout: LocalLayout): Promise<boolean> {
  const file = join(layout.state, 'boot-id');
  return existsSync(file) && (await readFile(file, 'utf8')) !== (await bootId());
}
