/**
 * `make demo`: from nothing to a classifier that serves on a real Kubernetes, telling what it does. Running it again
 * takes up where it was, or finds that there is nothing to do.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { chooseCluster } from '../cluster/cluster.ts';
import { readConfig } from '../config.ts';
import { since } from '../process/progress.ts';
import { buildImages } from '../shop/images.ts';
import { createKubectl } from '../shop/kubectl.ts';
import { installOperator } from '../shop/operator.ts';
import { predict, startClient } from '../shop/predict-client.ts';
import { openShop } from '../shop/shop.ts';
import { answersTable } from './answers.ts';
import { figuresTable, servedRun } from './figures.ts';
import { heldOut } from './holdout.ts';
import { createNarrator } from './narrator.ts';
import { awaitServing } from './serving.ts';
import { describeProgress } from './train-log.ts';

const release = { namespace: 'shop', name: 'pictograms' };
const manifest = resolve(import.meta.dirname, '../../manifests/demo/pictograms.yaml');
const asked = 24;

async function demo(): Promise<void> {
  const start = performance.now();
  const config = readConfig();
  const tell = createNarrator();

  const cluster = await chooseCluster(config);
  await tell.step(`A Kubernetes cluster (${cluster.kind})`, () => cluster.up({ gpus: 1 }));
  const kubectl = await createKubectl(cluster.kubeconfig, config);

  const images = await tell.step('Images of operator, trainer, inference and of the shop', () =>
    buildImages(cluster, config),
  );
  await tell.step('The operator, by its Helm chart', () =>
    installOperator(kubectl, images, config),
  );

  const shop = await tell.step("The shop's namespace: S3 server and PostgreSQL", () =>
    openShop(kubectl, release.namespace, images, config),
  );
  try {
    await tell.step('A shop of pictograms, brought into the bucket', async (progress) => {
      const onLine = (line: string) => progress.update(describeProgress(line) ?? '');
      const { products, pictograms, classes } = await shop.importPictograms('pictograms', {
        onLine,
      });
      const sizes = Object.values(classes);
      tell.say(
        `   ${products} pictures of ${pictograms} pictograms in ${sizes.length} classes of ${Math.min(...sizes)} to ${Math.max(...sizes)}`,
      );
    });
    await tell.step(`The ModelRelease ${release.namespace}/${release.name}`, async (progress) => {
      await kubectl.apply(await readFile(manifest, 'utf8'));
      await awaitServing(kubectl, release, (text) => tell.say(`   ${text}`), progress.update);
    });

    const served = await servedRun(kubectl, release, shop);
    await tell.step(
      `${asked} products that training never saw, asked from inside the cluster`,
      async () => {
        await startClient(kubectl, release.namespace, images.inference);
        const products = await heldOut(shop.store(served.storePrefix), served.dataset, asked);
        const url = `http://${release.name}/v1/predict`;
        const sent = products.map(({ product }) => product);
        const answers = await predict(kubectl, release.namespace, url, sent);
        tell.say(answersTable(products, answers));
      },
    );

    await tell.step('Figures', async (progress) => {
      tell.say(await figuresTable({ kubectl, shop, served, images, config, progress }));
    });
  } finally {
    await shop.close();
  }

  tell.say(`
The demo took ${since(start)}. To look around:

  export KUBECONFIG=${cluster.kubeconfig}
  kubectl get modelreleases -n ${release.namespace}
  kubectl describe modelrelease ${release.name} -n ${release.namespace}
  kubectl annotate modelrelease ${release.name} -n ${release.namespace} --overwrite shelfwise.dev/run-now=$(date -u +%FT%TZ)
  kubectl get events -n ${release.namespace} --watch

Where the machine has no kubectl: alias kubectl='npm run -s tool -- kubectl'. \`make down\` removes it all.`);
}

demo().catch((error) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
