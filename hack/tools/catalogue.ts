import { join } from 'node:path';

/** A program that is built from a Go module whose versions are pinned by go.mod and go.sum in `directory`. */
export interface GoTool {
  name: string;
  directory: string;
  /** The package to build: '.' or one of the module's tools. */
  package: string;
  /** Linker flags beyond -s -w; gets the text of go.mod, so that versions are written down once. */
  ldflags?: (goMod: string) => string[];
  environment?: Record<string, string>;
  /** Names under which the same binary does other things, made as links beside it. */
  links?: string[];
  /** How long the first build takes, for people who wait. */
  takes: string;
}

const modules = join(import.meta.dirname, '..', 'cluster');

export const goTools: GoTool[] = [
  {
    name: 'kubernetes',
    directory: join(modules, 'kubernetes'),
    package: '.',
    ldflags: kubernetesVersion,
    links: [
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'kubelet',
      'kubectl',
    ],
    takes: 'about 11 minutes on 2 cores',
  },
  { name: 'coredns', directory: join(modules, 'coredns'), package: '.', takes: 'about 2 minutes' },
  {
    name: 'versitygw',
    directory: join(modules, 'versitygw'),
    package: 'github.com/versity/versitygw/cmd/versitygw',
    takes: 'about 1 minute',
  },
  {
    name: 'helm',
    directory: join(modules, 'helm'),
    package: 'helm.sh/helm/v4/cmd/helm',
    takes: 'about 3 minutes',
  },
  {
    name: 'kind',
    directory: join(modules, 'kind'),
    package: 'sigs.k8s.io/kind',
    takes: 'about 20 seconds',
  },
  {
    name: 'kueue',
    directory: join(modules, 'kueue'),
    package: 'sigs.k8s.io/kueue/cmd/kueue',
    takes: 'about 5 minutes on 2 cores',
  },
  {
    name: 'kwok',
    directory: join(modules, 'kwok'),
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    takes: 'about 2 minutes',
  },
  {
    name: 'pause',
    directory: join(modules, 'pause'),
    package: '.',
    environment: { CGO_ENABLED: '0' },
    takes: 'some seconds',
  },
];

/** Programs that Debian packages; found on PATH, installed when missing. */
export const debianTools: Record<string, string> = {
  prometheus: 'prometheus',
  promtool: 'prometheus',
};

/** Without these the components would say that they are v0.0.0-master, which clients and charts refuse. */
function kubernetesVersion(goMod: string): string[] {
  const [, version, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)/.exec(goMod) ?? [];
  if (!version)
    throw new Error('hack/cluster/kubernetes/go.mod requires no k8s.io/kubernetes version.');
  const variable = (name: string, value: string | undefined) =>
    `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    variable('gitVersion', version),
    variable('gitMajor', major),
    variable('gitMinor', minor),
  ];
}
