import { type Evaluation, evaluationSchema, type Subject } from '@shelfwise/inference-contract';
import {
  digestSchema,
  keys,
  openStore,
  readManifest,
  readSnapshot,
  releaseNameSchema,
  type Snapshot,
  StepError,
  type Store,
  samples,
} from '@shelfwise/trainer-contract';
import * as z from 'zod';
import { parseOptions } from '../arguments.ts';
import { loadModel } from '../model/load.ts';
import type { Step, StepIo } from '../step.ts';
import { type Asked, factsOf, scoresOf } from './facts.ts';
import { type Judged, judge } from './judge.ts';
import { createProgress } from './progress.ts';

const usage = `Usage: inference evaluate --store URL --release NAME --dataset sha256:HEX
         [--digest sha256:HEX] [--champion-release NAME --champion-digest sha256:HEX] [--gate JSON]

Verifies the release's model tar and scores it, and the champion if one is named, on the dataset's held-out products with the
engine that serves. Writes releases/NAME/evaluation.json; the last line of stdout is the facts as JSON.
`;

const gateSchema = z.string().transform((text, context) => {
  try {
    return z.json().parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

const optionsSchema = z.object({
  store: z.string(),
  release: releaseNameSchema,
  dataset: digestSchema,
  digest: digestSchema.optional(),
  'champion-release': releaseNameSchema.optional(),
  'champion-digest': digestSchema.optional(),
  gate: gateSchema.optional(),
});
type Options = z.infer<typeof optionsSchema>;

/** Products in flight for each worker: two batches, so that none waits for the reader. */
const inFlightPerWorker = 16;
const storePatienceMs = 60_000;

export const evaluateStep: Step = { usage, run: evaluate };

async function evaluate(args: string[], io: StepIo) {
  const started = performance.now();
  const options = parseOptions('evaluate', args, optionsSchema);
  const store = openStore(options.store, io.config.store);
  const snapshot = await readSnapshot(store, options.dataset);
  const asked: Asked = {
    candidate: await candidateOf(store, options),
    champion: championOf(options),
    dataset: options.dataset,
    gate: options.gate ?? null,
  };
  const candidate = scoresOf(await score(asked.candidate, store, snapshot, io));
  const champion = asked.champion && scoresOf(await score(asked.champion, store, snapshot, io));
  const facts = factsOf(asked, candidate, champion);
  const evaluation: Evaluation = evaluationSchema.parse({
    schemaVersion: 1,
    facts,
    candidate,
    champion,
    seconds: (performance.now() - started) / 1000,
    evaluatedAt: new Date().toISOString(),
  } satisfies Evaluation);
  io.signal.throwIfAborted();
  const key = keys.evaluation(options.release);
  await store.write(key, Buffer.from(JSON.stringify(evaluation)), {
    contentType: 'application/json',
  });
  return {
    message: facts,
    detail: { evaluation: `${store.url}/${key}`, seconds: evaluation.seconds },
  };
}

/** The release with the digest that its manifest names, which must be the one that was asked for. */
async function candidateOf(store: Store, { release, digest }: Options): Promise<Subject> {
  const manifest = await readManifest(store, release);
  const named = manifest.tar.sha256;
  if (digest !== undefined && digest !== named) {
    throw new StepError(
      'BadData',
      `${keys.manifest(release)} in ${store.url} names the model tar ${named}, but ${digest} was to be evaluated.`,
    );
  }
  return { release, digest: named };
}

function championOf(options: Options): Subject | null {
  const { 'champion-release': release, 'champion-digest': digest } = options;
  if (release === undefined && digest === undefined) return null;
  if (release === undefined || digest === undefined) {
    throw new StepError(
      'BadConfiguration',
      'evaluate: --champion-release and --champion-digest go together: give both or none.',
    );
  }
  return { release, digest };
}

/** One model over the whole holdout. Verifies it first, as serving does. */
async function score(
  subject: Subject,
  store: Store,
  snapshot: Snapshot,
  io: StepIo,
): Promise<Judged> {
  const { config, log, signal } = io;
  const progress = createProgress(subject.release, snapshot.counts.holdout, io.progress);
  const model = await loadModel({
    store,
    ...subject,
    scratchDir: config.scratchDir,
    workers: config.workers,
    queueCapacity: Number.POSITIVE_INFINITY,
    patienceMs: storePatienceMs,
    signal,
    log,
    onProgress: progress.doing,
  });
  try {
    return await judge(samples(store, snapshot, 'holdout', { scratchDir: config.scratchDir }), {
      engine: model.engine,
      classes: model.bundle.labels.classes,
      inFlight: config.workers * inFlightPerWorker,
      signal,
      onProduct: progress.product,
    });
  } finally {
    await model.close();
  }
}
