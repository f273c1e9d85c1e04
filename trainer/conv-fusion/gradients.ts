import type { Tensor2D } from '@tensorflow/tfjs-node';
import { served } from '../fit/served.ts';
import { kernelsOf } from '../native/kernels.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type Batch, toInputs } from './batch.ts';
import { applyHead, type HeadTensors } from './head.ts';
import type { FeatureScale } from './normalise.ts';

/** What the loss is made of beside the products. */
export interface Objective {
  /** The weight of L2: the loss has decay / 2 × Σ w². */
  readonly decay: number;
  /** The same for the classifier that knows the picture alone. */
  readonly pictureDecay: number;
  /** [classes]: what missing a product of its own costs a class; taking another's for its own costs 1. */
  readonly importance: Float32Array;
}

/**
 * Gradients of a batch's mean loss plus L2: squared hinge, one class against the rest, for each of the three
 * classifiers. They are written out, a few lines, so that the L2 term and the sums over tokens are computed once.
 *
 * @returns gradients in the shapes of the head's tensors; `summary` is [loss, products classified right]
 */
export function gradients(
  tf: TensorFlow,
  head: HeadTensors,
  batch: Batch,
  scale: FeatureScale,
  { decay, pictureDecay, importance }: Objective,
) {
  const kernels = kernelsOf(tf);
  return tf.tidy(() => {
    const inputs = toInputs(tf, batch, scale);
    const margins = applyHead(tf, head, inputs);
    const classes = margins.fused.shape[1];
    const truth = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classes).toFloat() as Tensor2D;
    const sign = truth.mul(2).sub<Tensor2D>(1);
    const costs = truth.mul(tf.tensor1d(importance).sub(1)).add<Tensor2D>(1);
    const hasText: Tensor2D = tf.tensor2d(batch.hasText, [batch.size, 1]);
    const hasPicture: Tensor2D = tf.tensor2d(batch.hasPicture, [batch.size, 1]);
    // A classifier learns from the products that have what it reads.
    const hinge = (margin: Tensor2D, counts: Tensor2D) =>
      tf.relu(tf.sub<Tensor2D>(1, sign.mul(margin))).mul<Tensor2D>(counts);
    const fused = hinge(margins.fused, hasText.mul(hasPicture));
    const text = hinge(margins.text, hasText);
    const picture = hinge(margins.picture, hasPicture);

    const slope = (violation: Tensor2D) =>
      violation
        .mul(costs)
        .mul(sign)
        .mul<Tensor2D>(-2 / batch.size);
    const [byFused, byText, byPicture] = [slope(fused), slope(text), slope(picture)];
    const byBoth = tf.concat([byFused, byText], 1);
    // [n, tokens, 1] × [n, 1, 2 classes] → one row for each token, summed up where the embedding row is the same
    const perToken = tf.matMul(
      inputs.weights.reshape([batch.size, batch.tokens, 1]),
      byBoth.reshape([batch.size, 1, 2 * classes]),
    );
    const sums: Tensor2D = tf.unsortedSegmentSum(
      perToken.reshape([-1, 2 * classes]),
      inputs.ids.flatten(),
      head.embedding.shape[0],
    );
    // The embedding is by far the largest of all: each pass over it counts.
    const embedding = kernels.addScaled(sums, decay, head.embedding);
    const sentences =
      inputs.sentences && head.sentences
        ? tf.matMul(inputs.sentences, byBoth, true).add(head.sentences.mul(decay))
        : undefined;
    const decays = tf.concat([tf.fill([classes], decay), tf.fill([classes], pictureDecay)]);
    const kernel = tf
      .matMul(inputs.picture, tf.concat([byFused, byPicture], 1), true)
      .add(head.kernel.mul(decays));
    const bias = tf.concat([byFused, byText, byPicture], 1).sum(0);

    const penalties = [
      kernels.halfSquares(head.embedding).mul(2 * decay),
      head.kernel.square().mul(decays).sum(),
      ...(head.sentences ? [head.sentences.square().sum().mul(decay)] : []),
    ];
    const errors = [fused, text, picture].map((violation) => violation.square().mul(costs).sum());
    const loss = tf.addN(errors).div(batch.size).add(tf.addN(penalties).div(2));
    const answers = served(tf, margins, hasText, hasPicture).argMax(1);
    const hits = answers.equal(tf.tensor1d(batch.labels, 'int32')).sum();
    const summary = tf.stack([loss, hits.toFloat()]);
    return { embedding, ...(sentences && { sentences }), kernel, bias, summary };
  });
}
