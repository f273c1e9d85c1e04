import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kubeconfigConnection } from '../../operator/kube/connection.ts';
import { createObjects } from '../../operator/kube/objects.ts';
import type { Resource } from '../../operator/kube/resource.ts';
import { createTransport } from '../../operator/kube/transport.ts';
import { hasEnded } from '../process/ended.ts';
import { lastLines } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { tool } from '../tools/tool.ts';

export interface KwokOptions {
  /** Of an administrator of a control plane that has a scheduler. */
  kubeconfig: string;
  /** How many nodes; 1, if not said otherwise. */
  nodes?: number;
  gpusPerNode?: number;
  /** How long a step of a run takes. */
  stepMs?: number;
  /** Files with more Stages, or others of the same name in place of the project's own (kwok/stages). */
  stages?: string[];
}

export interface Kwok {
  /** Names of the nodes that it plays. */
  nodes: string[];
  /** Ends kwok; the nodes stay in the API, and are not ready soon after. */
  stop(): Promise<void>;
}

interface Stage {
  metadata: { name: string };
  spec: { delay?: object };
}

const nodes: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', clusterScoped: true };
const ownStages = join(import.meta.dirname, 'kwok', 'stages');

/**
 * Plays the nodes of a control plane: pods run, steps of runs end as their dataset's prefix tells (kwok/stages/step-ends.yaml),
 * serving pods get ready. kwok is a child of this process and ends with it, however that ends.
 */
export async function startKwok(options: KwokOptions): Promise<Kwok> {
  const program = await tool('kwok');
  // With the control plane's data, which are removed even after an end that nothing could be done before.
  const directory = await mkdtemp(join(dirname(options.kubeconfig), 'kwok-'));
  const config = join(directory, 'kwok.yaml');
  await writeFile(config, (await stagesOf(options)).map((stage) => stringify(stage)).join('---\n'));
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...flags(options, config)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      // It says a line for each pod that it cannot play; its last words are enough.
      if (said.length > 200) said.splice(0, 100);
    });
  }
  const stop = async () => {
    if (!hasEnded(child)) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const hopeless = () =>
      hasEnded(child) ? `kwok ended and said: ${lastLines(said.join(''), 15)}` : undefined;
    return { nodes: await addNodes(options, hopeless), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function flags({ kubeconfig }: KwokOptions, config: string): string[] {
  return [
    ...['--kubeconfig', kubeconfig, '--config', config],
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    '--node-lease-duration-seconds=40',
    '--cidr=198.18.128.0/17',
    // Nobody asks it for logs or exec.
    '--server-address=',
  ];
}

async function stagesOf({ stages = [], stepMs = 0 }: KwokOptions): Promise<Stage[]> {
  const own = (await readdir(ownStages)).sort().map((file) => join(ownStages, file));
  const byName = new Map<string, Stage>();
  for (const file of [...own, ...stages]) {
    const stage: Stage = parse(await readFile(file, 'utf8'));
    byName.set(stage.metadata.name, stage);
  }
  const steps = byName.get('step-ends');
  if (steps && stepMs > 0) steps.spec.delay = { durationMilliseconds: stepMs };
  return [...byName.values()];
}

async function addNodes(
  { kubeconfig, nodes: count = 1, gpusPerNode = 8 }: KwokOptions,
  hopeless: () => string | undefined,
): Promise<string[]> {
  const connection = await kubeconfigConnection([kubeconfig]);
  const transport = createTransport({ connection, userAgent: 'kwok-nodes' });
  const objects = createObjects({ transport, fieldManager: 'kwok-nodes' });
  const room = { cpu: '1000', memory: '4Ti', pods: '10000', 'nvidia.com/gpu': String(gpusPerNode) };
  const names = Array.from({ length: count }, (_, index) => `fake-${index}`);
  try {
    for (const name of names) {
      const annotations = { 'kwok.x-k8s.io/node': 'fake' };
      const status = { capacity: room, allocatable: room };
      const metadata = { name, annotations, labels: { 'kubernetes.io/hostname': name } };
      await objects.apply(nodes, { ...nodeKind, metadata });
      await transport.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${name}/status`,
        contentType: 'application/merge-patch+json',
        body: { status },
      });
    }
    for (const name of names) {
      await waitFor(
        async () => {
          const node = await objects.get<Node>(nodes, { name });
          const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
          // The node lifecycle controller takes its taint away once the node is ready: not before does a pod come.
          return (ready?.status === 'True' && !node?.spec?.taints?.length) || undefined;
        },
        { what: `kwok to make node ${name} ready`, limitMs: 240_000, hopeless },
      );
    }
  } finally {
    await transport.close();
  }
  return names;
}

const nodeKind = { apiVersion: nodes.apiVersion, kind: nodes.kind };

interface Node {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec?: { taints?: unknown[] };
  status?: { conditions?: { type: string; status: string }[] };
}
