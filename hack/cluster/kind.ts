import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { progress, since } from '../process/progress.ts';
import { run } from '../process/run.ts';
import { tool } from '../tools/tool.ts';
import type { Cluster } from './cluster.ts';
import { fakeGpuArguments } from './gpus.ts';

const name = 'shelfwise';
const node = `${name}-control-plane`;
const note = progress('cluster');

/**
 * A cluster of kind (Kubernetes in Docker). Not tried on the machines where Shelfwise is developed, which have no Docker
 * engine; the workflow of .github runs it.
 */
export function kindCluster(config: Config): Cluster {
  const kubeconfig = join(config.stateDir, 'kind', 'kubeconfig');
  const kind = async (...args: string[]) => {
    const onLine = (line: string) => note.update(line.trim());
    return run(await tool('kind', config), args, { env: config.inherited, onLine });
  };
  const exists = async () => (await kind('get', 'clusters')).split('\n').includes(name);
  const kubectl = async (...args: string[]) =>
    run(await tool('kubectl', config), [`--kubeconfig=${kubeconfig}`, ...args]);
  return {
    kind: 'kind',
    kubeconfig,
    async load(references) {
      for (const reference of references)
        await kind('load', 'docker-image', reference, '--name', name);
    },
    async up({ gpus }) {
      const started = performance.now();
      await mkdir(dirname(kubeconfig), { recursive: true });
      if (await exists())
        await kind('export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig);
      else
        await kind(
          'create',
          'cluster',
          '--name',
          name,
          '--kubeconfig',
          kubeconfig,
          '--wait',
          '180s',
        );
      await kubectl(...fakeGpuArguments(node, gpus));
      note.done(
        `ready in ${since(started)}, kind cluster "${name}" with ${gpus} fake nvidia.com/gpu`,
      );
      note.done(`export KUBECONFIG=${kubeconfig}`);
    },
    async down() {
      await kind('delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig);
      note.done('stopped and removed');
    },
    async status() {
      const known = await access(kubeconfig).then(
        () => true,
        () => false,
      );
      const running = known && (await exists());
      const notes = running ? ['its nvidia.com/gpu are fake'] : ['no cluster was started'];
      return { kind: 'kind', running, kubeconfig, notes };
    },
  };
}
