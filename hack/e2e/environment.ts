import { chooseCluster } from '../cluster/cluster.ts';
import { fakeGpuArguments } from '../cluster/gpus.ts';
import { readConfig } from '../config.ts';
import { type BuiltImages, buildImages } from '../shop/images.ts';
import { createKubectl, type Kubectl } from '../shop/kubectl.ts';
import { installOperator, uninstallOperator } from '../shop/operator.ts';
import { startClient } from '../shop/predict-client.ts';
import { openShop, type Shop } from '../shop/shop.ts';

/** What every end-to-end test stands on: a cluster with the operator of this working tree, and a shop of its own. */
export interface Environment {
  kubectl: Kubectl;
  images: BuiltImages;
  shop: Shop;
  /** Gives the cluster's node this many GPUs. */
  setGpus(count: number): Promise<void>;
  close(): Promise<void>;
}

const namespace = 'shelfwise-e2e';
let opened: Promise<Environment> | undefined;

/** The environment, made by the first test that asks for it. */
export function environment(): Promise<Environment> {
  opened ??= open();
  return opened;
}

/** Run by mocha after the last test: what the tests made is taken away again. */
export async function mochaGlobalTeardown(): Promise<void> {
  await (await opened)?.close();
}

async function open(): Promise<Environment> {
  const config = readConfig();
  const cluster = await chooseCluster(config);
  const found = await cluster.status();
  await cluster.up({ gpus: 1 });
  const kubectl = await createKubectl(cluster.kubeconfig, config);
  const images = await buildImages(cluster, config);
  const operatorWasThere = found.running && (await kubectl.get('crd', crd)) !== undefined;
  // What a run that was broken off left behind.
  await remove(kubectl);
  await installOperator(kubectl, images, config);
  const shop = await openShop(kubectl, namespace, images, config);
  await startClient(kubectl, namespace, images.inference);
  return {
    ...{ kubectl, images, shop },
    setGpus: (count) => setGpus(kubectl, count),
    async close() {
      await shop.close();
      if (!found.running) return cluster.down();
      await remove(kubectl);
      if (!operatorWasThere) await uninstallOperator(kubectl, config);
    },
  };
}

const crd = 'modelreleases.shelfwise.dev';

async function remove(kubectl: Kubectl): Promise<void> {
  await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=600s']);
}

async function setGpus(kubectl: Kubectl, count: number): Promise<void> {
  const [node] = await kubectl.list('nodes');
  await kubectl.run(fakeGpuArguments(node.metadata.name, count));
}
