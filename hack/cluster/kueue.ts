/** Kueue, the real one, as a process of this machine beside a control plane: its API and webhooks from its own chart. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Config, readConfig } from '../config.ts';
import { hasEnded } from '../process/ended.ts';
import { lastLines, run } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { createKubectl, type Kubectl, type KubeObject } from '../shop/kubectl.ts';
import { tool } from '../tools/tool.ts';
import { freePorts } from './free-ports.ts';

const namespace = 'kueue-system';
const service = 'kueue-webhook-service';
const secret = 'kueue-webhook-server-cert';
/** Generous, for machines that build something at the same time. */
const readyLimitMs = 240_000;

export interface Kueue {
  /** What it has said so far, for tests that fail. */
  log(): Promise<string>;
  /** Ends it and leaves the control plane as it is, with webhooks that nobody answers. */
  stop(): Promise<void>;
  /** Ends it and takes its kinds and webhooks away again, for a control plane that lives on. */
  uninstall(): Promise<void>;
}

/**
 * Installs Kueue's kinds and starts its manager for batch Jobs; it ends with this process. Resolves once its webhooks answer.
 * The API server has to run on this machine, too: it calls the webhooks at localhost. Throws with Kueue's last words.
 */
export async function startKueue(
  kubeconfig: string,
  config: Config = readConfig(),
): Promise<Kueue> {
  const program = await tool('kueue', config);
  const kubectl = await createKubectl(kubeconfig, config);
  const [webhookPort = 0, healthPort = 0] = await freePorts(2);
  const directory = await mkdtemp(join(tmpdir(), 'shelfwise-kueue-'));
  const settings = join(directory, 'kueue.json');
  await writeFile(
    settings,
    JSON.stringify(managerSettings({ directory, webhookPort, healthPort })),
  );
  await install(kubectl, await manifests(config), webhookPort);

  const logFile = join(directory, 'kueue.log');
  const descriptor = openSync(logFile, 'a');
  const flags = [`--config=${settings}`, '--feature-gates=VisibilityOnDemand=false'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...flags], {
    stdio: ['ignore', descriptor, descriptor],
    env: { ...config.inherited, KUBECONFIG: kubeconfig },
  });
  closeSync(descriptor);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const log = () => readFile(logFile, 'utf8');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const hopeless = () => (hasEnded(child) ? 'Kueue ended while it started.' : undefined);
  try {
    await mountCertificate(kubectl, directory, hopeless);
    await waitFor(() => isReady(kubectl, healthPort), {
      what: `Kueue to be ready, see ${logFile}`,
      limitMs: readyLimitMs,
      everyMs: 250,
      hopeless,
    });
  } catch (cause) {
    const words = lastLines(await log(), 15);
    await stop();
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${words}`, { cause });
  }
  return {
    log,
    stop,
    async uninstall() {
      // Queues and Workloads have finalizers that only a Kueue that runs takes away.
      for (const kind of ['clusterqueues', 'resourceflavors'])
        await kubectl.run(['delete', `${kind}.kueue.x-k8s.io`, '--all', '--timeout=120s']);
      await stop();
      const installed = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
      for (const kind of installed)
        await kubectl.run([
          'delete',
          kind,
          `kueue-${kind.slice(0, -'webhookconfiguration'.length)}-webhook-configuration`,
        ]);
      await kubectl.run(['delete', 'namespace', namespace, '--wait=false']);
      const crds = (await kubectl.list('crd')).map(({ metadata }) => metadata.name);
      const ours = crds.filter((name) => name.endsWith('.kueue.x-k8s.io'));
      await kubectl.run(['delete', 'crd', ...ours, '--wait=false']);
    },
  };
}

interface Places {
  directory: string;
  webhookPort: number;
  healthPort: number;
}

function managerSettings({ directory, webhookPort, healthPort }: Places): object {
  return {
    apiVersion: 'config.kueue.x-k8s.io/v1beta2',
    kind: 'Configuration',
    namespace,
    health: { healthProbeBindAddress: `127.0.0.1:${healthPort}` },
    metrics: { bindAddress: '0' },
    webhook: { host: '127.0.0.1', port: webhookPort, certDir: directory },
    leaderElection: { leaderElect: false },
    internalCertManagement: {
      enable: true,
      webhookServiceName: service,
      webhookSecretName: secret,
    },
    integrations: { frameworks: ['batch/job'] },
  };
}

/** What Kueue's chart, which its Go module carries, makes of its defaults. */
async function manifests(config: Config): Promise<KubeObject[]> {
  const cwd = join(import.meta.dirname, 'kueue');
  const env = { ...config.inherited, GOTOOLCHAIN: 'local' };
  const downloaded = await run('go', ['mod', 'download', '-json', 'sigs.k8s.io/kueue'], {
    cwd,
    env,
  });
  const chart = join(JSON.parse(downloaded).Dir, 'charts', 'kueue');
  const helm = await tool('helm', config);
  const text = await run(helm, ['template', 'kueue', chart, '--namespace', namespace]);
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** The kinds first: the rest is of no use before they are there. */
async function install(kubectl: Kubectl, objects: KubeObject[], port: number): Promise<void> {
  const byKind = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind));
  const crds = byKind('CustomResourceDefinition').map((crd) => {
    const conversion = crd.spec.conversion?.webhook?.clientConfig?.service;
    if (conversion) conversion.port = port;
    return crd;
  });
  const webhooks = byKind('MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration').map(
    (configuration) => ({
      ...configuration,
      webhooks: configuration.webhooks.filter(isNeeded).map((webhook: KubeObject) => {
        webhook.clientConfig.service.port = port;
        return webhook;
      }),
    }),
  );
  await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  await kubectl.apply(crds);
  await kubectl.apply(webhooks);
  await kubectl.apply([
    ...byKind('Secret'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace },
      // No pod of the cluster but a process beside the API server, which looks for it here.
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
  ]);
}

/** Its own kinds, and Jobs: the other frameworks are not turned on, and nothing else of the cluster is to depend on this process. */
function isNeeded({ rules }: { rules: { apiGroups: string[] }[] }): boolean {
  return rules.every(({ apiGroups }) =>
    apiGroups.every((group) => group === 'kueue.x-k8s.io' || group === 'batch'),
  );
}

/** Kueue writes its certificate into a Secret and waits until the kubelet shows it in a folder: here this does. */
async function mountCertificate(
  kubectl: Kubectl,
  directory: string,
  hopeless: () => string | undefined,
): Promise<void> {
  const data = await waitFor<Record<string, string>>(
    async () => (await kubectl.get('secret', secret, namespace))?.data,
    { what: "Kueue's certificate", limitMs: readyLimitMs, everyMs: 250, hopeless },
  );
  for (const name of ['ca.crt', 'ca.key', 'tls.key', 'tls.crt'])
    await writeFile(join(directory, name), Buffer.from(data[name] ?? '', 'base64'));
}

async function isReady(kubectl: Kubectl, port: number): Promise<true | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  if (!answer.ok) throw new Error(`/readyz answered ${answer.status}: ${await answer.text()}`);
  // Passes through the webhooks of its kinds and changes nothing.
  const flavor = { apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'ResourceFlavor' };
  const input = JSON.stringify({ ...flavor, metadata: { name: 'probe' }, spec: {} });
  await kubectl.run(['create', '--dry-run=server', '-f', '-'], { input });
  return true;
}
