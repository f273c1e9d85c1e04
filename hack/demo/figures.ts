import { evaluationSchema } from '@shelfwise/inference-contract';
import {
  canonicalJson,
  manifestSchema,
  readSnapshot,
  type Snapshot,
} from '@shelfwise/trainer-contract';
import type { Config } from '../config.ts';
import { table } from '../figures/table.ts';
import type { Progress } from '../process/progress.ts';
import { lastJson, run } from '../process/run.ts';
import type { BuiltImages } from '../shop/images.ts';
import type { Kubectl } from '../shop/kubectl.ts';
import { operatorNamespace, operatorPod } from '../shop/operator.ts';
import type { Shop } from '../shop/shop.ts';

/** What the store and the cluster hold about the release that serves. */
export interface ServedRun {
  release: string;
  dataset: string;
  counts: Snapshot['counts'];
  storePrefix: string;
  accuracy: string;
  macroF1: number | null;
  trainJobSeconds: number | undefined;
  trainEndToServingSeconds: number | undefined;
}

export async function servedRun(
  kubectl: Kubectl,
  { namespace, name }: { namespace: string; name: string },
  shop: Shop,
): Promise<ServedRun> {
  const serving = (await kubectl.get('modelrelease', name, namespace))?.status.serving;
  const storePrefix = `models/${namespace}/${name}`;
  const store = shop.store(storePrefix);
  const read = async (file: string) =>
    JSON.parse((await store.read(`releases/${serving.release}/${file}`)).toString());
  const manifest = manifestSchema.parse(await read('manifest.json'));
  const { facts } = evaluationSchema.parse(await read('evaluation.json'));
  const job = (await kubectl.get('job', `${serving.release}-train`, namespace))?.status;
  const between = (from?: string, to?: string) =>
    from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : undefined;
  return {
    release: serving.release,
    dataset: manifest.dataset,
    counts: (await readSnapshot(store, manifest.dataset)).counts,
    storePrefix,
    accuracy: serving.accuracy,
    macroF1: facts.metrics.macroF1,
    trainJobSeconds: between(job?.startTime, job?.completionTime),
    trainEndToServingSeconds: between(job?.completionTime, serving.since),
  };
}

/** The figures of the demo, each measured now or read from where it was recorded. */
export async function figuresTable(given: {
  kubectl: Kubectl;
  shop: Shop;
  served: ServedRun;
  images: BuiltImages;
  config: Config;
  progress: Progress;
}): Promise<string> {
  const { kubectl, served, images } = given;
  given.progress.update('fitting TF-IDF + linear SVC on the same split, to compare');
  const baseline = await fitBaseline(given);
  const percent = (part: number | string | null) =>
    part === null ? 'not measured' : `${(Number(part) * 100).toFixed(1)} %`;
  const seconds = (time?: number) => (time === undefined ? 'its Job is gone' : `${time} s`);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const rows = [
    [
      'products to learn from, held out',
      `${served.counts.train}, ${served.counts.holdout} (${served.counts.groups} distinct)`,
    ],
    ['train Job', seconds(served.trainJobSeconds)],
    ["train Job's end to serving", seconds(served.trainEndToServingSeconds)],
    ['holdout accuracy, macro F1', `${percent(served.accuracy)}, ${percent(served.macroF1)}`],
    [
      'TF-IDF + linear SVC, same split',
      `${percent(baseline.accuracy)}, ${percent(baseline.macroF1)} (fitted in ${baseline.fitSeconds.toFixed(1)} s)`,
    ],
    ['RSS of the operator', megabytes(await operatorRss(kubectl))],
    ...Object.entries(images.sizes).map(([name, size]) => [`image ${name}`, megabytes(size)]),
  ];
  return table([['figure', 'measured'], ...rows]);
}

async function fitBaseline({ shop, served, config }: Parameters<typeof figuresTable>[0]) {
  const store = `s3://shop/${served.storePrefix}`;
  const out = await run(
    'npm',
    ['run', '-s', 'baseline', '--', '--store', store, '--dataset', served.dataset],
    { env: { ...config.inherited, ...shop.s3Environment } },
  );
  const fitted = lastJson(out);
  for (const figure of ['accuracy', 'macroF1', 'fitSeconds'])
    if (typeof fitted[figure] !== 'number')
      throw new Error(`The baseline gives no ${figure}: ${canonicalJson(fitted)}`);
  return fitted as { accuracy: number; macroF1: number; fitSeconds: number };
}

async function operatorRss(kubectl: Kubectl): Promise<number> {
  const pod = await operatorPod(kubectl);
  const metrics = await podMetrics(kubectl, operatorNamespace, pod);
  const line = /^process_resident_memory_bytes(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1];
  if (!line) throw new Error(`The pod ${pod} gives no process_resident_memory_bytes.`);
  return Number(line);
}

/** The text of a pod's /metrics, through the apiserver. */
function podMetrics(kubectl: Kubectl, namespace: string, pod: string): Promise<string> {
  return kubectl.run([
    'get',
    '--raw',
    `/api/v1/namespaces/${namespace}/pods/${pod}:8080/proxy/metrics`,
  ]);
}
