import { join } from 'node:path';

/** Where the parts of one control plane lie and listen. */
export interface ControlPlaneLayout {
  directory: string;
  pki: string;
  /** The one address that all parts listen on. */
  address: string;
  ports: Record<'etcd' | 'etcdPeer' | 'apiserver' | 'controllerManager' | 'scheduler', number>;
  serviceCidr: string;
  /** Whether pods reach the API through the Service `kubernetes`: needs an address that is not loopback. */
  reachableFromPods: boolean;
}

export type ControlPlaneComponent =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler';

/** Tokens of ServiceAccounts name this issuer; the same in every cluster, as kubeadm has it. */
export const serviceAccountIssuer = 'https://kubernetes.default.svc.cluster.local';

export function apiserverUrl({ address, ports }: ControlPlaneLayout): string {
  return `https://${address}:${ports.apiserver}`;
}

/** The arguments of each component, in the order in which they are to be started. */
export function controlPlaneArguments(
  layout: ControlPlaneLayout,
): Record<ControlPlaneComponent, string[]> {
  return {
    etcd: etcd(layout),
    'kube-apiserver': apiserver(layout),
    'kube-controller-manager': controllerManager(layout),
    'kube-scheduler': scheduler(layout),
  };
}

/** The URL that answers 200 once the component serves. */
export function healthUrl(layout: ControlPlaneLayout, component: ControlPlaneComponent): string {
  const at = (port: number, path: string) => `https://${layout.address}:${port}${path}`;
  switch (component) {
    case 'etcd':
      return at(layout.ports.etcd, '/readyz');
    case 'kube-apiserver':
      return at(layout.ports.apiserver, '/readyz');
    case 'kube-controller-manager':
      return at(layout.ports.controllerManager, '/healthz');
    case 'kube-scheduler':
      return at(layout.ports.scheduler, '/healthz');
  }
}

function etcd({ directory, pki, address, ports }: ControlPlaneLayout): string[] {
  const client = `https://${address}:${ports.etcd}`;
  const peer = `https://${address}:${ports.etcdPeer}`;
  return [
    '--name=local',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=local=${peer}`,
    '--client-cert-auth',
    '--peer-client-cert-auth',
    ...['', 'peer-'].flatMap((kind) => [
      `--${kind}trusted-ca-file=${join(pki, 'ca.crt')}`,
      `--${kind}cert-file=${join(pki, 'server.crt')}`,
      `--${kind}key-file=${join(pki, 'server.key')}`,
    ]),
    // Nothing here has to outlive a power cut, and fsync is what makes etcd slow on a laptop.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiserver(layout: ControlPlaneLayout): string[] {
  const { pki, address, ports } = layout;
  return [
    `--etcd-servers=https://${address}:${ports.etcd}`,
    `--etcd-cafile=${join(pki, 'ca.crt')}`,
    `--etcd-certfile=${join(pki, 'apiserver.crt')}`,
    `--etcd-keyfile=${join(pki, 'apiserver.key')}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${ports.apiserver}`,
    ...serving(pki),
    `--client-ca-file=${join(pki, 'ca.crt')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--service-account-issuer=${serviceAccountIssuer}`,
    `--service-account-key-file=${join(pki, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(pki, 'sa.key')}`,
    `--service-cluster-ip-range=${layout.serviceCidr}`,
    `--kubelet-certificate-authority=${join(pki, 'ca.crt')}`,
    `--kubelet-client-certificate=${join(pki, 'apiserver.crt')}`,
    `--kubelet-client-key=${join(pki, 'apiserver.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    // A loopback address is refused as the endpoint of the Service `kubernetes`.
    ...(layout.reachableFromPods ? [] : ['--endpoint-reconciler-type=none']),
  ];
}

function controllerManager({ directory, pki, address, ports }: ControlPlaneLayout): string[] {
  const kubeconfig = join(directory, 'controller-manager.kubeconfig');
  return [
    ...delegating(kubeconfig),
    `--bind-address=${address}`,
    `--secure-port=${ports.controllerManager}`,
    ...serving(pki),
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--service-account-private-key-file=${join(pki, 'sa.key')}`,
    `--root-ca-file=${join(pki, 'ca.crt')}`,
    `--cluster-signing-cert-file=${join(pki, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(pki, 'ca.key')}`,
  ];
}

function scheduler({ directory, pki, address, ports }: ControlPlaneLayout): string[] {
  return [
    ...delegating(join(directory, 'scheduler.kubeconfig')),
    `--bind-address=${address}`,
    `--secure-port=${ports.scheduler}`,
    ...serving(pki),
    '--leader-elect=false',
  ];
}

function serving(pki: string): string[] {
  return [
    `--tls-cert-file=${join(pki, 'server.crt')}`,
    `--tls-private-key-file=${join(pki, 'server.key')}`,
  ];
}

function delegating(kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
  ];
}
