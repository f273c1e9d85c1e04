import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { type Config, readConfig } from '../config.ts';
import { run } from '../process/run.ts';
import { createKubectl, type Kubectl, type KubeObject } from '../shop/kubectl.ts';
import { tool } from '../tools/tool.ts';

export const chart = fileURLToPath(new URL('../../charts/shelfwise', import.meta.url));

/** Runs Helm and returns what it printed; throws CommandFailed with Helm's own words. */
export type Helm = (args: string[], input?: string) => Promise<string>;

export async function createHelm(
  kubeconfig?: string,
  config: Config = readConfig(),
): Promise<Helm> {
  const helm = await tool('helm', config);
  const env = { ...config.inherited, ...(kubeconfig && { KUBECONFIG: kubeconfig }) };
  return (args, input) => run(helm, args, { env, ...(input !== undefined && { input }) });
}

/** The objects that the chart gives with these values. */
export async function render(helm: Helm, values: object = {}): Promise<KubeObject[]> {
  const args = ['template', 'shelfwise', chart, '--namespace', 'shelfwise-system'];
  const text = await helm([...args, '--values', '-'], JSON.stringify(values));
  return parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/** Installs the chart, into a namespace of its own, and waits until the API serves ModelReleases. */
export async function installChart(
  kubeconfig: string,
  namespace: string,
  settings: string[] = [],
): Promise<void> {
  const helm = await createHelm(kubeconfig);
  await helm([
    ...['upgrade', '--install', 'shelfwise', chart, '--namespace', namespace, '--create-namespace'],
    ...settings.flatMap((setting) => ['--set', setting]),
  ]);
  await crdEstablished(await createKubectl(kubeconfig));
}

export async function crdEstablished(kubectl: Kubectl): Promise<void> {
  const crd = 'crd/modelreleases.shelfwise.dev';
  await kubectl.run(['wait', crd, '--for=condition=Established', '--timeout=240s']);
}
