import { resolve } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { run } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { tool } from '../tools/tool.ts';
import { type BuiltImages, partsOf } from './images.ts';
import type { Kubectl } from './kubectl.ts';

/** Where hack/ installs the operator, and what its Deployment is called there. */
export const operatorNamespace = 'shelfwise-system';
export const operatorName = 'shelfwise';

/** `helm upgrade --install` of the chart with these images; returns when the operator is ready. */
export async function installOperator(
  kubectl: Kubectl,
  images: Pick<BuiltImages, 'operator' | 'trainer' | 'inference'>,
  config: Config = readConfig(),
): Promise<void> {
  const values = {
    // All of the local cluster is one node: a second one would be lost with the first.
    replicas: 1,
    images: {
      operator: partsOf(images.operator),
      trainer: partsOf(images.trainer),
      snapshot: partsOf(images.trainer),
      inference: partsOf(images.inference),
    },
  };
  await helm(
    kubectl,
    [
      ...[
        'upgrade',
        '--install',
        operatorName,
        resolve(import.meta.dirname, '../../charts/shelfwise'),
      ],
      ...['--create-namespace', '--wait', '--timeout', '5m', '--values', '-'],
    ],
    config,
    JSON.stringify(values),
  );
}

export async function uninstallOperator(kubectl: Kubectl, config = readConfig()): Promise<void> {
  await helm(kubectl, ['uninstall', operatorName, '--ignore-not-found', '--wait'], config);
}

async function helm(kubectl: Kubectl, args: string[], config: Config, input?: string) {
  const program = await tool('helm', config);
  const env = { ...config.inherited, KUBECONFIG: kubectl.kubeconfig };
  const options = input === undefined ? { env } : { env, input };
  await run(program, [...args, '--namespace', operatorNamespace], options);
}

/** The operator's pod that runs now. */
export async function operatorPod(kubectl: Kubectl): Promise<string> {
  return waitFor(
    async () => {
      const selector = `app.kubernetes.io/name=shelfwise,app.kubernetes.io/component=operator`;
      const pods = await kubectl.list('pods', operatorNamespace, selector);
      const running = pods.filter(
        (pod) => pod.status.phase === 'Running' && !pod.metadata.deletionTimestamp,
      );
      return running[0]?.metadata.name;
    },
    { what: 'a running pod of the operator', limitMs: 180_000, everyMs: 200 },
  );
}

/** Ends the operator without a word to it, as a lost node does; its Deployment makes a new one. */
export async function killOperator(kubectl: Kubectl): Promise<void> {
  const pod = await operatorPod(kubectl);
  const flags = ['--grace-period=0', '--force', '--ignore-not-found'];
  await kubectl.run(['delete', 'pod', pod, '-n', operatorNamespace, ...flags]);
}

/** 0 stops the operator, 1 starts it again; returns when no pod, or a ready one, is there. */
export async function scaleOperator(kubectl: Kubectl, replicas: 0 | 1): Promise<void> {
  const deployment = `deployment/${operatorName}`;
  await kubectl.run(['scale', deployment, '-n', operatorNamespace, `--replicas=${replicas}`]);
  const flags = ['-n', operatorNamespace, '--timeout=180s'];
  if (replicas === 1) await kubectl.run(['rollout', 'status', deployment, ...flags]);
  else {
    const selector = 'app.kubernetes.io/component=operator';
    await kubectl.run(['wait', 'pod', '-l', selector, '--for=delete', ...flags]);
  }
}
