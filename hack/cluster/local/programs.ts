import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { requirePrograms } from '../../tools/debian.ts';
import { tool } from '../../tools/tool.ts';
import type { ControlPlaneComponent } from '../components.ts';

/** Program → Debian package. mount(8), umount(8) and flock(1) are on every Debian. */
const debian = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  ptp: 'containernetworking-plugins',
  'docker-registry': 'docker-registry',
  buildah: 'buildah',
  ip: 'iproute2',
  nft: 'nftables',
  conntrack: 'conntrack',
  iptables: 'iptables',
  openssl: 'openssl',
} satisfies Record<string, string>;

export type DebianPrograms = Record<keyof typeof debian, string>;

/** What the local cluster consists of, as paths. */
export type Programs = DebianPrograms &
  Record<ControlPlaneComponent | 'kube-proxy' | 'kubelet' | 'kubectl' | 'coredns', string>;

/** Finds, installs or builds all of them; see requirePrograms and tool for what that says and throws. */
export async function findPrograms(config: Config): Promise<Programs> {
  const found = await findDebianPrograms(config);
  const kubernetes = dirname(await tool('kubernetes', config));
  const coredns = await tool('coredns', config);
  const component = (name: string) => join(kubernetes, name);
  return {
    ...found,
    coredns,
    etcd: component('etcd'),
    'kube-apiserver': component('kube-apiserver'),
    'kube-controller-manager': component('kube-controller-manager'),
    'kube-scheduler': component('kube-scheduler'),
    'kube-proxy': component('kube-proxy'),
    kubelet: component('kubelet'),
    kubectl: component('kubectl'),
  };
}

/** Only what Debian packages: enough to take a cluster down. */
export async function findDebianPrograms(config: Config): Promise<DebianPrograms> {
  return (await requirePrograms(debian, config)) as DebianPrograms;
}
