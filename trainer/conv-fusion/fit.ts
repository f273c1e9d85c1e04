import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { Products } from '../features/products.ts';
import { createParameter, type Parameter } from '../fit/adam.ts';
import { fitLoop, type LearnerStep, type LoopOptions } from '../fit/loop.ts';
import type { EpochRecord } from '../fit/state.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type Batch, type BatchSource, batchReader } from './batch.ts';
import { gradients, type Objective } from './gradients.ts';
import type { HeadTensors } from './head.ts';
import type { FeatureScale } from './normalise.ts';
import type { ConvFusionSettings } from './settings.ts';

export interface FitOptions extends Omit<LoopOptions, 'settings'> {
  readonly hyperparameters: ConvFusionSettings;
  /** How many rows the embedding has. */
  readonly embeddingRows: number;
  /** After each epoch, with the head as it then is: the share of judged products that it gets right. */
  judge(head: HeadTensors): number | null;
}

/**
 * Fits the three linear classifiers with a squared hinge, one class against the rest, and a true L2 term:
 * the objective of a linear support vector machine, by gradient descent. Which of a picture and its mirror image
 * a step sees is drawn anew in each epoch.
 *
 * @returns the head's tensors, for the caller to dispose of, and the learning curve
 * @throws StepError Diverged when the loss is no longer a number; the signal's reason when aborted
 */
export async function fitHead(
  tf: TensorFlow,
  source: BatchSource,
  options: FitOptions,
): Promise<{ head: HeadTensors; curve: readonly EpochRecord[] }> {
  const { hyperparameters, rows } = options;
  const classes = source.products.classes.length;
  const { width } = source.products.pictures;
  const { parameters, head } = createHead(tf, {
    rows: options.embeddingRows,
    sentences: source.sentences?.width,
    pictures: width,
    classes,
  });
  const objective = objectiveOf(hyperparameters, rows, source.products);
  const read = batchReader(source, hyperparameters.batchSize);
  const learner = {
    parameters,
    step(products: Int32Array, random: () => number) {
      const begun = performance.now();
      const batch = read(products, () => random() < 0.5);
      const readMs = performance.now() - begun;
      return { ...stepOn(tf, head(), batch, source.scale, objective), readMs };
    },
    judge: () => options.judge(head()),
  };
  const curve = await fitLoop(tf, learner, { ...options, settings: hyperparameters });
  return { head: head(), curve };
}

/** Parameters of 0, and the head that they are at the time. */
export function createHead(
  tf: TensorFlow,
  {
    rows,
    sentences,
    pictures,
    classes,
  }: { rows: number; sentences?: number | undefined; pictures: number; classes: number },
) {
  const parameters: Record<string, Parameter> & Record<'embedding' | 'kernel' | 'bias', Parameter> =
    {
      embedding: createParameter(tf, [rows, 2 * classes]),
      ...(sentences !== undefined && { sentences: createParameter(tf, [sentences, 2 * classes]) }),
      kernel: createParameter(tf, [pictures, 2 * classes]),
      bias: createParameter(tf, [3 * classes]),
    };
  const head = (): HeadTensors => ({
    embedding: parameters.embedding.value as Tensor2D,
    sentences: parameters.sentences?.value as Tensor2D | undefined,
    kernel: parameters.kernel.value as Tensor2D,
    bias: parameters.bias.value as Tensor1D,
  });
  return { parameters, head };
}

/** What a step on a batch that was read gives the loop. */
export function stepOn(
  tf: TensorFlow,
  head: HeadTensors,
  batch: Batch,
  scale: FeatureScale,
  objective: Objective,
): LearnerStep {
  const { summary, ...slopes } = gradients(tf, head, batch, scale, objective);
  const [loss, hits] = summary.dataSync<'float32'>() as unknown as [number, number];
  summary.dispose();
  return { loss, hits, gradients: slopes };
}

/** Soft-margin costs C as weights of L2 in the mean loss; rare classes count more by as much as they are rarer, to the power `balance`. */
function objectiveOf(
  { regularisation, pictureRegularisation, balance }: ConvFusionSettings,
  rows: Int32Array,
  { classes, labels }: Pick<Products, 'classes' | 'labels'>,
): Objective {
  const counts = new Uint32Array(classes.length);
  for (const row of rows) (counts[labels[row] as number] as number)++;
  const filled = counts.filter((count) => count > 0).length;
  return {
    decay: 1 / (regularisation * rows.length),
    pictureDecay: 1 / (pictureRegularisation * rows.length),
    importance: Float32Array.from(counts, (count) =>
      count === 0 ? 1 : (rows.length / (filled * count)) ** balance,
    ),
  };
}
