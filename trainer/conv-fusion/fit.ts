import { setImmediate as turn } from 'node:timers/promises';
import { StepError } from '@shelfwise/trainer-contract';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { adamStep, cosine, createParameter } from '../fit/adam.ts';
import { createRandom, shuffle } from '../fit/random.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import type { FitProgress } from '../train/architecture.ts';
import type { Hyperparameters } from '../train/hyperparameters.ts';
import { type BatchSource, readBatch } from './batch.ts';
import { gradients } from './gradients.ts';
import type { HeadTensors } from './head.ts';

export interface FitOptions {
  readonly hyperparameters: Hyperparameters;
  /** Indices of the products to fit. */
  readonly rows: Int32Array;
  /** How many rows the embedding has. */
  readonly embeddingRows: number;
  readonly signal: AbortSignal;
  onStep(progress: FitProgress): void;
  /** After each epoch, with the head as it then is. */
  onEpoch(progress: FitProgress, head: HeadTensors): void;
}

/**
 * Fits the three linear classifiers with a squared hinge, one class against the rest, and a true L2 term:
 * the objective of a linear support vector machine, by gradient descent. Which of a picture and its mirror image
 * a step sees is drawn anew in each epoch.
 *
 * @returns the head's tensors, for the caller to dispose of
 * @throws StepError Diverged when the loss is no longer a number; the signal's reason when aborted
 */
export async function fitHead(
  tf: TensorFlow,
  source: BatchSource,
  options: FitOptions,
): Promise<HeadTensors> {
  const { hyperparameters, signal } = options;
  const { epochs, batchSize } = hyperparameters;
  const classes = source.products.classes.length;
  const features = source.products.pictures.width;
  const embedding = createParameter(tf, [options.embeddingRows, 2 * classes]);
  const kernel = createParameter(tf, [features, 2 * classes]);
  const bias = createParameter(tf, [3 * classes]);
  const head = () => ({
    embedding: embedding.value as Tensor2D,
    kernel: kernel.value as Tensor2D,
    bias: bias.value as Tensor1D,
  });
  const random = createRandom(hyperparameters.seed);
  const batches = Math.ceil(options.rows.length / batchSize);
  const decay = 1 / (hyperparameters.regularisation * options.rows.length);
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    const order = shuffle(options.rows.slice(), random);
    let loss = 0;
    let hits = 0;
    let seen = 0;
    let progress: FitProgress | undefined;
    for (let batch = 1; batch <= batches; batch += 1) {
      const rows = order.subarray((batch - 1) * batchSize, batch * batchSize);
      const read = readBatch(source, rows, () => random() < 0.5);
      const result = gradients(tf, head(), read, source.scale, decay);
      const [batchLoss, batchHits] = result.summary.dataSync<'float32'>() as unknown as [
        number,
        number,
      ];
      loss += batchLoss * read.size;
      hits += batchHits;
      seen += read.size;
      if (!Number.isFinite(loss))
        throw new StepError(
          'Diverged',
          `The loss is ${loss} in epoch ${epoch}, batch ${batch}: lower the learning rate (now ${hyperparameters.learningRate}).`,
        );
      const rate = cosine(hyperparameters.learningRate, step, epochs * batches);
      step += 1;
      for (const [parameter, gradient] of [
        [embedding, result.embedding],
        [kernel, result.kernel],
        [bias, result.bias],
      ] as const)
        adamStep(tf, parameter, gradient, { step, learningRate: rate });
      tf.dispose({ ...result });
      progress = { epoch, epochs, batch, batches, loss: loss / seen, accuracy: hits / seen };
      options.onStep(progress);
      await turn();
      signal.throwIfAborted();
    }
    if (progress) options.onEpoch(progress, head());
  }
  tf.dispose([embedding, kernel, bias].flatMap(({ mean, variance }) => [mean, variance]));
  return head();
}
