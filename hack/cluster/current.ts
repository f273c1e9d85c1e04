import { delimiter, join } from 'node:path';
import type { Config } from '../config.ts';
import { progress } from '../process/progress.ts';
import { run } from '../process/run.ts';
import { tool } from '../tools/tool.ts';
import type { Cluster } from './cluster.ts';

const note = progress('cluster');

/**
 * The cluster of the kubeconfig's current context, which someone else runs: it is neither started nor stopped, and
 * nothing of its nodes is changed. Images go to REGISTRY, which its nodes must be able to pull from.
 */
export function currentCluster(config: Config): Cluster {
  const { registry, inherited } = config;
  if (registry === undefined) {
    throw new Error(
      'CLUSTER=current needs a place for images: set REGISTRY, as in REGISTRY=registry.example.com/team.',
    );
  }
  // Of several files kubectl writes to the first; the current context is the same for all who read them.
  const kubeconfig =
    inherited.KUBECONFIG?.split(delimiter)[0] || join(inherited.HOME ?? '', '.kube', 'config');
  const kubectl = async (...args: string[]) =>
    run(await tool('kubectl', config), args, { env: inherited });
  const context = async () => (await kubectl('config', 'current-context')).trim();
  return {
    kind: 'current',
    kubeconfig,
    registry,
    async up() {
      note.done(
        `using the current context, ${await context()}; GPUs are those that its nodes have`,
      );
      await kubectl('get', '--raw', '/readyz');
    },
    async down() {
      note.done(`the cluster of context ${await context()} is not ours to stop`);
    },
    async status() {
      const answer = await kubectl('get', '--raw', '/readyz').then(
        () => undefined,
        (error: Error) => error.message,
      );
      const notes = answer === undefined ? [] : [answer];
      return { kind: 'current', running: answer === undefined, kubeconfig, registry, notes };
    },
  };
}
