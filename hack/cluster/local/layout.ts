import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import type { ControlPlaneLayout } from '../components.ts';

/**
 * Where everything of the local cluster lies. All addresses are of 198.18.0.0/15, the range that is set aside for
 * benchmarks (RFC 2544): no network that a machine is really in uses it.
 */
export interface LocalLayout {
  state: string;
  /** Processes' records (pid, start time, what was started). */
  processes: string;
  logs: string;
  pki: string;
  kubeconfig: string;
  containerd: { socket: string; state: string; root: string };
  kubelet: string;
  registry: { storage: string; port: number };
  node: string;
  bridge: string;
  address: string;
  podCidr: string;
  serviceCidr: string;
  serviceAddress: string;
  /**
   * Below the root of every cgroup hierarchy: all pods' processes are in here, and nothing else is: whatever runs in it is
   * killed in the end, so the name is of this state folder alone.
   */
  cgroup: string;
  controlPlane: ControlPlaneLayout;
}

export function localLayout(config: Config): LocalLayout {
  const state = join(config.stateDir, 'cluster');
  const pki = join(state, 'pki');
  const address = '198.18.0.1';
  const serviceCidr = '198.19.0.0/16';
  return {
    state,
    processes: join(state, 'processes'),
    logs: join(state, 'logs'),
    pki,
    kubeconfig: join(state, 'kubeconfig'),
    containerd: {
      socket: join(state, 'containerd.sock'),
      state: join(state, 'containerd'),
      // Pulled layers are worth keeping: the next cluster has them.
      root: join(config.cacheDir, 'containerd'),
    },
    kubelet: join(state, 'kubelet'),
    registry: { storage: join(config.cacheDir, 'registry'), port: 5000 },
    node: 'shelfwise-local',
    bridge: 'shelfwise0',
    address,
    podCidr: '198.18.4.0/22',
    serviceCidr,
    serviceAddress: '198.19.0.1',
    cgroup: `shelfwise-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`,
    controlPlane: {
      directory: state,
      pki,
      address,
      ports: {
        etcd: 2379,
        etcdPeer: 2380,
        apiserver: 6443,
        controllerManager: 10257,
        scheduler: 10259,
      },
      serviceCidr,
      reachableFromPods: true,
    },
  };
}

/** A UNIX socket's path holds 107 bytes (unix(7)); says so before something obscure does. */
export function checkSocketPath({ containerd }: LocalLayout): void {
  const longest = `${containerd.socket}.ttrpc`;
  if (Buffer.byteLength(longest) <= 107) return;
  throw new Error(
    `The path ${longest} is too long for a UNIX socket (107 bytes); set XDG_STATE_HOME to a shorter folder.`,
  );
}
