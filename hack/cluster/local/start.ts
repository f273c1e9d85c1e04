import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { run } from '../../process/run.ts';
import { waitFor } from '../../process/wait.ts';
import {
  apiserverUrl,
  type ControlPlaneComponent,
  controlPlaneArguments,
  healthUrl,
} from '../components.ts';
import { fakeGpuArguments } from '../gpus.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { type ClientFiles, createPki, kubeletIdentity, readClient } from '../pki.ts';
import { answersWell } from '../ready.ts';
import { containerdDaemon, importPause, removeContainers } from './containerd.ts';
import { type Daemon, ensureRunning } from './daemons.ts';
import { dnsDaemon, dnsPermissions } from './dns.ts';
import type { LocalLayout } from './layout.ts';
import { createNetwork } from './network.ts';
import { kubeletDaemon, proxyDaemon } from './node.ts';
import { pauseImage } from './pause.ts';
import { createCgroup } from './pod-processes.ts';
import type { Programs } from './programs.ts';
import { registryDaemon } from './registry.ts';

export interface StartOptions {
  layout: LocalLayout;
  programs: Programs;
  config: Config;
  gpus: number;
  /** True where no cluster was before: containers that containerd remembers are of one that was killed. */
  empty: boolean;
}

/** Starts whatever of the cluster does not run and waits until its node takes pods. */
export async function start(options: StartOptions): Promise<void> {
  const { layout, programs, empty } = options;
  if (empty) await createCredentials(layout);
  const admin = await readClient(layout.pki, 'admin');
  await createNetwork(layout, programs);
  await createCgroup(layout);
  const env = daemonEnvironment(options.config);
  const failed = new AbortController();
  const ensure = (daemon: Daemon) => ensureRunning(daemon, layout, failed.signal);
  const all = (parts: Promise<unknown>[]) => together(parts, failed);
  const pods = async () => {
    await all([
      startControlPlane(options, admin, ensure, env),
      startContainerd(options, ensure, env),
    ]);
    await all([
      ensure(kubeletDaemon(layout, programs.kubelet, admin, env)),
      ensure(proxyDaemon(layout, programs['kube-proxy'], env)),
      startDns(options, ensure, env),
    ]);
  };
  await all([ensure(registryDaemon(layout, programs['docker-registry'], env)), pods()]);
  await nodeReady(options, (await stat(join(layout.processes, 'kubelet.stat'))).mtime);
}

/** Waits for all; when one fails the others stop waiting, and nothing of them goes on behind the error's back. */
async function together(parts: Promise<unknown>[], failed: AbortController): Promise<void> {
  try {
    await Promise.all(parts);
  } catch (error) {
    if (!failed.signal.aborted) failed.abort(error);
    await Promise.allSettled(parts);
    // The first error, not that of a part which gave up because of it.
    throw failed.signal.reason;
  }
}

/** kubectl as administrator of this cluster. */
export function kubectl(
  { layout, programs }: Pick<StartOptions, 'layout' | 'programs'>,
  args: string[],
  input?: string,
) {
  const all = [`--kubeconfig=${layout.kubeconfig}`, ...args];
  return run(programs.kubectl, all, input === undefined ? {} : { input });
}

async function createCredentials(layout: LocalLayout): Promise<void> {
  await createPki({
    directory: layout.pki,
    addresses: [layout.address, layout.serviceAddress, '127.0.0.1'],
    names: [
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
      layout.node,
    ],
    identities: { kubelet: kubeletIdentity(layout.node) },
  });
  const url = apiserverUrl(layout.controlPlane);
  const write = (path: string, client: string) =>
    writeKubeconfig(path, { name: 'shelfwise-local', url, pki: layout.pki, client });
  const components = ['controller-manager', 'scheduler', 'proxy', 'dns', 'kubelet'];
  await Promise.all(
    components.map((client) => write(join(layout.state, `${client}.kubeconfig`), client)),
  );
  await write(layout.kubeconfig, 'admin');
}

async function startControlPlane(
  { layout, programs }: StartOptions,
  admin: ClientFiles,
  ensure: (daemon: Daemon) => Promise<void>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const commands = controlPlaneArguments(layout.controlPlane);
  const ensureComponent = (name: ControlPlaneComponent) =>
    ensure({
      name,
      command: programs[name],
      args: commands[name],
      env,
      ready: () => answersWell(healthUrl(layout.controlPlane, name), admin),
    });
  await ensureComponent('etcd');
  await ensureComponent('kube-apiserver');
  await Promise.all([
    ensureComponent('kube-controller-manager'),
    ensureComponent('kube-scheduler'),
  ]);
}

async function startContainerd(
  { layout, programs, config, empty }: StartOptions,
  ensure: (daemon: Daemon) => Promise<void>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const pause = await pauseImage(programs.buildah, config);
  await ensure(containerdDaemon(layout, programs, pause.name, env));
  if (empty) await removeContainers(layout, programs);
  await importPause(layout, programs, pause);
}

async function startDns(
  options: StartOptions,
  ensure: (daemon: Daemon) => Promise<void>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await kubectl(options, ['apply', '--filename=-'], JSON.stringify(dnsPermissions));
  await ensure(dnsDaemon(options.layout, options.programs.coredns, env));
}

/**
 * A kubelet that starts sets to zero what no device plugin answers for, so the GPUs are given after its first sign of life. Until
 * then Ready is what the one before it said last.
 */
async function nodeReady(options: StartOptions, kubeletStarted: Date): Promise<void> {
  const { layout, gpus } = options;
  await waitFor(
    async () => {
      const node = JSON.parse(
        await kubectl(options, ['get', 'node', layout.node, '--output=json']),
      );
      const ready = node.status.conditions?.find(({ type }: { type: string }) => type === 'Ready');
      if (ready?.status !== 'True')
        throw new Error(ready?.message ?? 'The node has no condition Ready.');
      // Heartbeats have whole seconds.
      const seconds = Math.floor(kubeletStarted.getTime() / 1000);
      if (Date.parse(ready.lastHeartbeatTime) / 1000 < seconds)
        throw new Error(`The kubelet has not reported since it started.`);
      return true;
    },
    { what: `node ${layout.node} to be ready`, limitMs: 120_000, everyMs: 200 },
  );
  await kubectl(options, fakeGpuArguments(layout.node, gpus));
  await waitFor(
    async () => {
      await kubectl(options, ['get', 'serviceaccount', 'default']);
      return true;
    },
    { what: 'the ServiceAccount default in namespace default', limitMs: 300_000, everyMs: 100 },
  );
}

/** What daemons get of our environment: how to reach the network, not what npm and the shell put there. */
function daemonEnvironment({ inherited }: Config): NodeJS.ProcessEnv {
  const names = [
    'HOME',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'SSL_CERT_FILE',
  ];
  const kept = Object.fromEntries(
    names.flatMap((name) => (inherited[name] ? [[name, inherited[name]]] : [])),
  );
  return { ...kept, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
}
