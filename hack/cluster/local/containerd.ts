import { dirname, join } from 'node:path';
import { run } from '../../process/run.ts';
import type { Daemon } from './daemons.ts';
import type { LocalLayout } from './layout.ts';

/** Kubernetes' images and containers are in this namespace of containerd. */
const namespace = 'k8s.io';

export interface ContainerdPrograms {
  containerd: string;
  ctr: string;
  runc: string;
  /** Any of the CNI plugins: the others lie beside it. */
  ptp: string;
}

export function containerdDaemon(
  layout: LocalLayout,
  programs: ContainerdPrograms,
  pauseImage: string,
  env: NodeJS.ProcessEnv,
): Daemon {
  const config = join(layout.state, 'containerd.toml');
  const cni = join(layout.state, 'cni');
  return {
    name: 'containerd',
    command: programs.containerd,
    args: [`--config=${config}`],
    env,
    files: {
      [config]: containerdConfig(layout, programs, pauseImage, cni),
      [join(cni, '10-shelfwise.conflist')]: JSON.stringify(cniConfig(layout), null, 2),
    },
    ready: async () => {
      await ctr(layout, programs, ['version']);
      return true;
    },
  };
}

/** Brings the image that holds a pod's namespaces open into containerd, unless it is there. */
export async function importPause(
  layout: LocalLayout,
  programs: ContainerdPrograms,
  image: { name: string; archive: string },
): Promise<void> {
  const names = await ctr(layout, programs, ['images', 'ls', '-q']);
  if (names.split('\n').includes(image.name)) return;
  await ctr(layout, programs, ['images', 'import', image.archive]);
}

/** Ends and removes every container: of a cluster that goes, or of one that was killed before. */
export async function removeContainers(
  layout: LocalLayout,
  programs: ContainerdPrograms,
): Promise<void> {
  const list = async (what: string[]) =>
    (await ctr(layout, programs, [...what, 'ls', '-q'])).split('\n').filter((id) => id !== '');
  // A task that ends by itself in the same moment is "not found": what counts is that none is left.
  const removeAll = async (what: string, command: string[]) => {
    const ids = await list([what]);
    if (ids.length === 0) return;
    try {
      await ctr(layout, programs, [what, ...command, ...ids]);
    } catch (error) {
      if ((await list([what])).length > 0) throw error;
    }
  };
  await removeAll('tasks', ['rm', '--force']);
  await removeAll('containers', ['rm']);
}

function ctr(layout: LocalLayout, programs: ContainerdPrograms, args: string[]): Promise<string> {
  return run(programs.ctr, [
    `--address=${layout.containerd.socket}`,
    `--namespace=${namespace}`,
    ...args,
  ]);
}

function containerdConfig(
  layout: LocalLayout,
  programs: ContainerdPrograms,
  pauseImage: string,
  cni: string,
): string {
  const { socket, state, root } = layout.containerd;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${quote(root)}
state = ${quote(state)}
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
address = ${quote(socket)}
[plugins."io.containerd.internal.v1.opt"]
path = ${quote(join(state, 'opt'))}
[${cri}]
sandbox_image = ${quote(pauseImage)}
stream_server_address = "127.0.0.1"
# Network namespaces are mounted below our state, not in /run/netns: what we must unmount is all in one place.
netns_mounts_under_state_dir = true
# Without CAP_SYS_RESOURCE, as in many development containers, no pod starts otherwise.
restrict_oom_score_adj = true
[${cri}.cni]
bin_dir = ${quote(dirname(programs.ptp))}
conf_dir = ${quote(cni)}
[${cri}.containerd]
snapshotter = "overlayfs"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
BinaryName = ${quote(programs.runc)}
Root = ${quote(join(layout.state, 'runc'))}
SystemdCgroup = false
`;
}

/**
 * Each pod is linked to the host alone (ptp) and reaches everything by the host's routes. On a bridge, answers from one
 * pod to another would pass by the host's connection tracking unless br_netfilter is loaded, and Services would not work.
 * There is no portmap: hostPort is not served, and no rules of iptables are left to be found and removed.
 */
function cniConfig(layout: LocalLayout) {
  return {
    cniVersion: '0.4.0',
    name: 'shelfwise',
    plugins: [
      {
        type: 'ptp',
        ipam: {
          type: 'host-local',
          dataDir: join(layout.state, 'pod-addresses'),
          ranges: [[{ subnet: layout.podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}

/** A basic string of TOML. */
function quote(text: string): string {
  return JSON.stringify(text);
}
