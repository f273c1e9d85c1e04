import { setImmediate as turn } from 'node:timers/promises';
import { StepError } from '@shelfwise/trainer-contract';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../native/tensorflow.ts';
import { adamStep, cosine, createParameter } from './adam.ts';
import { type Batch, type BatchSource, readBatch, toInputs } from './batch.ts';
import { applyHead, type HeadOutputs, type HeadTensors } from './head.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import { createRandom, shuffle } from './random.ts';

/** What the loop tells after each step. */
export interface FitProgress {
  epoch: number;
  epochs: number;
  batch: number;
  batches: number;
  /** Means over the epoch so far. */
  loss: number;
  accuracy: number;
}

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
 * the objective of a linear support vector machine, by gradient descent. The gradient is written out, for it is
 * four lines: through tfjs's own tape a step took longer. Which of a picture and its mirror image
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
  const features = source.products.pictures.recordBytes / 8;
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
      const result = gradients(tf, head(), read, source, decay);
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

/** Gradients of the mean loss of a batch plus L2; `summary` is [loss, products classified right]. */
function gradients(
  tf: TensorFlow,
  head: HeadTensors,
  batch: Batch,
  source: BatchSource,
  decay: number,
) {
  return tf.tidy(() => {
    const inputs = toInputs(tf, batch, source.scale);
    const margins = applyHead(tf, head, inputs);
    const classes = margins.fused.shape[1];
    const truth = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classes).toFloat() as Tensor2D;
    const sign = truth.mul(2).sub<Tensor2D>(1);
    const hasText: Tensor2D = tf.tensor2d(batch.hasText, [batch.size, 1]);
    const hasPicture: Tensor2D = tf.tensor2d(batch.hasPicture, [batch.size, 1]);
    // A classifier learns from the products that have what it reads.
    const hinge = (margin: Tensor2D, counts: Tensor2D) =>
      tf.relu(tf.sub<Tensor2D>(1, sign.mul(margin))).mul<Tensor2D>(counts);
    const fused = hinge(margins.fused, hasText.mul(hasPicture));
    const text = hinge(margins.text, hasText);
    const picture = hinge(margins.picture, hasPicture);

    const slope = (violation: Tensor2D) => violation.mul(sign).mul<Tensor2D>(-2 / batch.size);
    const [byFused, byText, byPicture] = [slope(fused), slope(text), slope(picture)];
    // [n, tokens, 1] × [n, 1, 2 classes] → one row for each token, summed up where the embedding row is the same
    const perToken = tf.matMul(
      inputs.weights.reshape([batch.size, batch.tokens, 1]),
      tf.concat([byFused, byText], 1).reshape([batch.size, 1, 2 * classes]),
    );
    const embedding = tf
      .unsortedSegmentSum(
        perToken.reshape([-1, 2 * classes]),
        inputs.ids.flatten(),
        head.embedding.shape[0],
      )
      .add(head.embedding.mul(decay));
    const kernel = tf
      .matMul(inputs.picture, tf.concat([byFused, byPicture], 1), true)
      .add(head.kernel.mul(decay));
    const bias = tf.concat([byFused, byText, byPicture], 1).sum(0);

    const penalty = tf.add(head.embedding.square().sum(), head.kernel.square().sum());
    const errors = [fused, text, picture].map((violation) => violation.square().sum());
    const loss = tf
      .addN(errors)
      .div(batch.size)
      .add(penalty.mul(decay / 2));
    const answers = served(tf, margins, hasText, hasPicture).argMax(1);
    const hits = answers.equal(tf.tensor1d(batch.labels, 'int32')).sum();
    return { embedding, kernel, bias, summary: tf.stack([loss, hits.toFloat()]) };
  });
}

/** The margins of the classifier that answers for each product: fused where it has both, else the one for what it has. */
function served(
  tf: TensorFlow,
  margins: HeadOutputs,
  hasText: Tensor2D,
  hasPicture: Tensor2D,
): Tensor2D {
  const withPicture = hasText.mul(margins.fused).add(tf.sub(1, hasText).mul(margins.picture));
  return hasPicture.mul(withPicture).add(tf.sub(1, hasPicture).mul(margins.text));
}
