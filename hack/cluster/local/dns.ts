import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from './daemons.ts';
import type { LocalLayout } from './layout.ts';

/** CoreDNS on the host, at the bridge's address: names of Services and pods, everything else by the host's resolver. */
export function dnsDaemon(layout: LocalLayout, command: string, env: NodeJS.ProcessEnv): Daemon {
  const corefile = join(layout.state, 'Corefile');
  const ready = `http://${layout.address}:8181/ready`;
  return {
    name: 'coredns',
    command,
    args: ['-conf', corefile],
    env,
    files: { [corefile]: corefileText(layout, existsSync('/etc/resolv.conf')) },
    ready: async () => {
      const answer = await fetch(ready, { signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(`${ready} answered ${answer.status}: ${await answer.text()}`);
      return true;
    },
  };
}

function corefileText(layout: LocalLayout, hostResolves: boolean): string {
  return `.:53 {
  bind ${layout.address}
  ready ${layout.address}:8181
  errors
  cache 10
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig ${join(layout.state, 'dns.kubeconfig')}
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
    ttl 5
  }
${hostResolves ? '  forward . /etc/resolv.conf\n' : ''}}
`;
}

/** What CoreDNS may see, for its user of the PKI. */
export const dnsPermissions = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'shelfwise:dns' },
      rules: [
        {
          apiGroups: [''],
          resources: ['services', 'pods', 'namespaces'],
          verbs: ['list', 'watch', 'get'],
        },
        {
          apiGroups: ['discovery.k8s.io'],
          resources: ['endpointslices'],
          verbs: ['list', 'watch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'shelfwise:dns' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'shelfwise:dns',
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'shelfwise:dns' }],
    },
  ],
};
