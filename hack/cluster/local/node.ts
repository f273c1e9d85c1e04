import { join } from 'node:path';
import type { ClientFiles } from '../pki.ts';
import { answersWell } from '../ready.ts';
import type { Daemon } from './daemons.ts';
import type { LocalLayout } from './layout.ts';

/** The node's agent. `resolvConf` is what pods with dnsPolicy Default get. */
export function kubeletDaemon(
  layout: LocalLayout,
  command: string,
  admin: ClientFiles,
  env: NodeJS.ProcessEnv,
): Daemon {
  const config = join(layout.state, 'kubelet.json');
  return {
    name: 'kubelet',
    command,
    args: [
      `--config=${config}`,
      `--kubeconfig=${join(layout.state, 'kubelet.kubeconfig')}`,
      `--root-dir=${layout.kubelet}`,
      `--hostname-override=${layout.node}`,
      `--node-ip=${layout.address}`,
    ],
    env,
    files: { [config]: JSON.stringify(kubeletConfig(layout), null, 2) },
    ready: () => answersWell(`https://${layout.address}:10250/healthz`, admin),
  };
}

function kubeletConfig(layout: LocalLayout) {
  const { address, pki } = layout;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    port: 10250,
    healthzPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(pki, 'server.crt'),
    tlsPrivateKeyFile: join(pki, 'server.key'),
    containerRuntimeEndpoint: `unix://${layout.containerd.socket}`,
    clusterDNS: [address],
    clusterDomain: 'cluster.local',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    // Chains of iptables that only kube-proxy's older modes use; ours would be left behind on the host.
    makeIPTablesUtilChains: false,
    podLogsDir: join(layout.state, 'pod-logs'),
    volumePluginDir: join(layout.state, 'volume-plugins'),
    // A developer's disk is often full beyond the usual 85 %: that must neither evict pods nor collect images.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '100Mi',
      'imagefs.available': '100Mi',
    },
    serializeImagePulls: false,
  };
}

/** Services: in nftables mode, whose rules are in tables of their own, so that they can be removed without a trace. */
export function proxyDaemon(layout: LocalLayout, command: string, env: NodeJS.ProcessEnv): Daemon {
  const config = join(layout.state, 'kube-proxy.json');
  const health = `http://${layout.address}:10256/healthz`;
  return {
    name: 'kube-proxy',
    command,
    args: [`--config=${config}`, `--hostname-override=${layout.node}`],
    env,
    files: { [config]: JSON.stringify(proxyConfig(layout), null, 2) },
    ready: async () => {
      const answer = await fetch(health, { signal: AbortSignal.timeout(5000) });
      if (!answer.ok)
        throw new Error(`${health} answered ${answer.status}: ${await answer.text()}`);
      return true;
    },
  };
}

function proxyConfig(layout: LocalLayout) {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    bindAddress: layout.address,
    healthzBindAddress: `${layout.address}:10256`,
    metricsBindAddress: `${layout.address}:10249`,
    clientConnection: { kubeconfig: join(layout.state, 'proxy.kubeconfig') },
    clusterCIDR: layout.podCidr,
    // 0: the host's limits and timeouts are not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
