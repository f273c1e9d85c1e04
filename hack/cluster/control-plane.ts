import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { hasEnded } from '../process/ended.ts';
import { identify, isAlive } from '../process/identity.ts';
import { lastLines } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { tool } from '../tools/tool.ts';
import { auditArguments } from './audit.ts';
import {
  apiserverUrl,
  type ControlPlaneComponent,
  type ControlPlaneLayout,
  controlPlaneArguments,
  healthUrl,
} from './components.ts';
import { freePorts } from './free-ports.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { createPki, readClient } from './pki.ts';
import { answersWell } from './ready.ts';

export interface ControlPlaneOptions {
  /** Where its data go; a temporary folder, removed by stop(), when not given. */
  dir?: string;
  /** Whether pods are assigned to nodes, too. */
  schedulers?: boolean;
  /** Records every request of these users, for auditedRequests(). */
  audit?: { users: string[] };
  /** More arguments of a component; of one that is given twice the last counts. */
  arguments?: Partial<Record<ControlPlaneComponent, string[]>>;
  config?: Config;
}

/** A Kubernetes API without nodes: etcd, apiserver and controller-manager, on free ports of 127.0.0.1. */
export interface ControlPlane {
  /** Path of a kubeconfig of a cluster administrator. */
  kubeconfig: string;
  url: string;
  /** Where the requests of the audited users are recorded. */
  auditLog: string;
  /** Ends one component by a signal and resolves when it has ended (SIGSTOP: at once). */
  kill(component: ControlPlaneComponent, signal: NodeJS.Signals): Promise<void>;
  /** Starts a component again, on the same port, and resolves when it serves. */
  restart(component: ControlPlaneComponent): Promise<void>;
  /** Ends all of it and removes its folder. */
  stop(): Promise<void>;
}

const prefix = 'shelfwise-control-plane-';
const components: ControlPlaneComponent[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
];
/** Generous, for machines that build something at the same time. */
const readyLimitMs = 120_000;

/**
 * Starts a control plane for one test suite; it can run beside others and beside the local cluster. Its processes end
 * with this one, however this one ends. Throws with the component's last words when one does not come up.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const config = options.config ?? readConfig();
  const kubernetes = await tool('kubernetes', config);
  if (options.dir === undefined) await sweep();
  const directory = options.dir ?? (await mkdtemp(join(tmpdir(), prefix)));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'owner.json'), JSON.stringify(identify(process.pid)));
  const layout = await prepare(directory);
  const admin = await readClient(layout.pki, 'admin');
  const commands = controlPlaneArguments(layout);
  const auditLog = join(directory, 'audit.log');
  if (options.audit) {
    const files = { policy: join(directory, 'audit-policy.yaml'), log: auditLog };
    commands['kube-apiserver'].push(...(await auditArguments(files, options.audit.users)));
  }
  for (const component of components)
    commands[component].push(...(options.arguments?.[component] ?? []));
  const running = new Map<ControlPlaneComponent, ChildProcess>();

  async function start(component: ControlPlaneComponent): Promise<void> {
    const log = join(directory, `${component}.log`);
    const descriptor = openSync(log, 'a');
    const args = ['--pdeathsig', 'KILL', join(kubernetes, '..', component), ...commands[component]];
    const child = spawn('setpriv', args, { stdio: ['ignore', descriptor, descriptor] });
    closeSync(descriptor);
    running.set(component, child);
    let failed: Error | undefined;
    child.once('error', (error) => {
      failed = error;
    });
    await waitFor(() => answersWell(healthUrl(layout, component), admin), {
      what: `${component} to serve, see ${log}`,
      limitMs: readyLimitMs,
      hopeless: () =>
        failed?.message ?? (hasEnded(child) ? `${component} ended while it started.` : undefined),
    }).catch(async (cause) => {
      const words = lastLines(await readFile(log, 'utf8'), 15);
      throw new Error(`${cause.message}\n${words}`, { cause });
    });
  }

  async function kill(component: ControlPlaneComponent, signal: NodeJS.Signals): Promise<void> {
    const child = running.get(component);
    if (!child || hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    if (signal === 'SIGTERM' || signal === 'SIGKILL' || signal === 'SIGINT') await ended;
  }

  async function stop(): Promise<void> {
    // Data and all are thrown away: nobody needs a graceful end, which takes the apiserver seconds.
    await Promise.all([...running.keys()].map((component) => kill(component, 'SIGKILL')));
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await start('etcd');
    await start('kube-apiserver');
    const others: ControlPlaneComponent[] = ['kube-controller-manager'];
    if (options.schedulers === true) others.push('kube-scheduler');
    await Promise.all(others.map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kubeconfig: join(directory, 'kubeconfig'),
    url: apiserverUrl(layout),
    auditLog,
    kill,
    stop,
    async restart(component) {
      await kill(component, 'SIGKILL');
      await start(component);
    },
  };
}

async function prepare(directory: string): Promise<ControlPlaneLayout> {
  const [etcd = 0, etcdPeer = 0, apiserver = 0, controllerManager = 0, scheduler = 0] =
    await freePorts(5);
  const layout: ControlPlaneLayout = {
    directory,
    pki: join(directory, 'pki'),
    address: '127.0.0.1',
    ports: { etcd, etcdPeer, apiserver, controllerManager, scheduler },
    serviceCidr: '198.19.0.0/16',
    reachableFromPods: false,
  };
  await createPki({
    directory: layout.pki,
    addresses: ['127.0.0.1', '198.19.0.1'],
    names: ['localhost'],
  });
  const url = apiserverUrl(layout);
  const write = (file: string, client: string) =>
    writeKubeconfig(join(directory, file), { name: 'control-plane', url, pki: layout.pki, client });
  await Promise.all([
    write('kubeconfig', 'admin'),
    write('controller-manager.kubeconfig', 'controller-manager'),
    write('scheduler.kubeconfig', 'scheduler'),
  ]);
  return layout;
}

/** Removes the folders of owners that were killed before they could: their processes ended with them. */
async function sweep(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(prefix)) continue;
    const directory = join(tmpdir(), entry);
    const text = await readFile(join(directory, 'owner.json'), 'utf8').catch(() => undefined);
    // Without the file its owner may just be about to write it.
    if (text !== undefined && !isAlive(JSON.parse(text)))
      await rm(directory, { recursive: true, force: true });
  }
}
