import { join } from 'node:path';
import { type Snapshot, type Store, samples } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import type { PictureStage } from '../features/pictures.ts';
import { type Products, select } from '../features/products.ts';
import { readProducts } from '../features/read-products.ts';
import { readSentences } from '../features/sentences.ts';
import type { FitPace, FitProgress } from '../fit/loop.ts';
import type { Keeper } from '../fit/state.ts';
import { type Validation, validate } from '../judge/validation.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { createPace } from '../pace.ts';
import type { ProgressEvent } from '../step.ts';
import type { Architecture, Calibrated, Fit, Settings } from './architecture.ts';
import { writeBundle } from './bundle.ts';
import type { Checkpoints } from './checkpoints.ts';
import { goldenCases } from './golden.ts';
import { modelCard } from './model-card.ts';
import type { Axis, SearchBudget, SearchTrial } from './search.ts';
import { showSteps } from './show-steps.ts';
import { tryConfigurations } from './trials.ts';

export interface Training {
  readonly store: Store;
  readonly snapshot: Snapshot;
  readonly tf: TensorFlow;
  readonly architecture: Architecture;
  /** What the architecture wants to be made of pictures. */
  readonly stage: PictureStage;
  readonly hyperparameters: Settings;
  /** What may be changed in them, and how much may be tried for it; without it they stay as they are. */
  readonly search?: { readonly axes: readonly Axis[]; readonly budget: SearchBudget };
  /** A folder of this training's own, on a disk that holds 27 KB a product. */
  readonly scratchDir: string;
  readonly checkpoints: Checkpoints;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  progress(event: ProgressEvent): void;
}

export interface Trained {
  readonly tar: { readonly path: string; readonly digest: string; readonly size: number };
  readonly validation: Validation;
  /** Those that were chosen, where there was a choice. */
  readonly hyperparameters: Settings;
  /** What differs in them from those that were given. */
  readonly changed: SearchTrial['changed'];
  /** How the time of the final fit went; undefined where all of it was done before an interruption. */
  readonly pace: FitPace | undefined;
}

/**
 * Trains on a snapshot and leaves a packed bundle in the scratch folder; publishes nothing.
 * Configurations are fitted without a tenth of the products, on which they are judged and calibrated, and the best of
 * them once on all products: that fit is the one that counts. What is made of pictures is made once;
 * texts, and the scale of the pictures' features, are prepared anew for each fit, by the products that it learns from.
 */
export async function train(training: Training): Promise<Trained> {
  const { tf, architecture, snapshot, checkpoints, progress } = training;
  const products = await read(training);
  const learned = select(products, (validation) => !validation);
  const judged = select(products, (validation) => validation);
  const { best, ...search } = await tryConfigurations({
    start: training.hyperparameters,
    ...(training.search ?? { axes: [], budget: { minutes: 0, configurations: 1 } }),
    checkpoints,
    progress,
    async attempt(hyperparameters, phase, keeper) {
      const rows = { fitted: learned, judged };
      const fit = await fitPhase({ ...training, hyperparameters }, products, rows, phase, keeper);
      return { curve: fit.curve, validation: validate(fit.predictions, products.classes) };
    },
  });
  const { hyperparameters, trials, chosen } = search;
  const { validation } = best;
  const all = Int32Array.from({ length: products.count }, (_, index) => index);
  const none = new Int32Array();
  const rows = { fitted: all, judged: none };
  const keeper = checkpoints.keeper('final fit');
  let pace: FitPace | undefined;
  const final = await fitPhase(
    { ...training, hyperparameters },
    products,
    rows,
    'final fit',
    keeper,
    (told) => {
      pace = told.pace;
    },
  );
  products.pictures.close();
  products.sentences?.close();

  const calibrated: Calibrated = {
    imageSize: hyperparameters.imageSize,
    classes: products.classes,
    temperatures: validation.temperatures,
  };
  const model = { ...final.model, ...calibrated };
  const golden = await goldenCases(tf, architecture, model, products.examples);
  training.signal.throwIfAborted();
  const curves = { judged: best.curve, final: final.curve };
  const card = modelCard({
    snapshot,
    architecture,
    stage: training.stage,
    search,
    validation,
  });
  const tar = await writeBundle(
    { architecture, model, golden, validation, search, curves, card },
    training.scratchDir,
  );
  const { changed } = trials[chosen] as SearchTrial;
  return { tar, validation, hyperparameters, changed, pace };
}

/** Goes over the snapshot's products once: features to files, the rest to memory. */
async function read(training: Training): Promise<Products> {
  const { store, snapshot, stage, scratchDir, signal, log } = training;
  const total = snapshot.counts.train;
  const paceOf = (phase: string) => createPace(training.progress, { step: 'train', phase, total });
  const pace = paceOf('features');
  const products = await readProducts(samples(store, snapshot, 'train', { scratchDir }), {
    stage,
    cache: { store, log },
    classes: snapshot.classes.map((each) => each.class),
    scratchDir,
    signal,
    onProgress: pace.reach,
  });
  const encoder = stage.kind === 'features' ? stage.sentences : undefined;
  if (!encoder) return products;
  const sentences = await readSentences(products, encoder, {
    path: join(scratchDir, 'sentences.bin'),
    signal,
    onProgress: paceOf('features of texts').reach,
  });
  return { ...products, sentences };
}

function fitPhase(
  training: Training,
  products: Products,
  rows: { fitted: Int32Array; judged: Int32Array },
  phase: string,
  keeper: Keeper,
  onStep: (progress: FitProgress) => void = () => undefined,
): Promise<Fit> {
  const { tf, architecture, stage, hyperparameters, scratchDir, signal, progress } = training;
  const total = products.count;
  const texts = createPace(progress, { step: 'train', phase: `texts of the ${phase}`, total });
  const show = showSteps(progress, phase, rows.fitted.length);
  return architecture.fit({
    tf,
    products,
    stage,
    ...rows,
    keeper,
    hyperparameters,
    scratchDir,
    signal,
    onTexts: texts.reach,
    onStep(step) {
      show(step);
      onStep(step);
    },
  });
}
