import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../native/tensorflow.ts';

/** How raw features of pictures or texts are brought to one scale. */
export interface FeatureScale {
  /** Lengths of the feature blocks. Of a picture: the head's averages, then those of each grid of the blocks; of a text it is one. */
  readonly widths: readonly number[];
  /** [Σ widths]: over the texts of train, or over its pictures and their mirror images. */
  readonly mean: Float32Array;
  /** [Σ widths]: 1 / standard deviation. */
  readonly factor: Float32Array;
  /** What the whole is brought to; the n-grams of a text are √2 long. */
  readonly length: number;
}

/** The last layer counts most. Found on several catalogues, by validation. */
const tapWeight = 0.7;
/** Below this a vector is as good as 0, and so is what it is divided by. */
export const smallestNorm = 1e-6;

/** The scale of each block of features, and the length that it is brought to, in the features' order. */
export function blocksOf({ widths, mean, factor }: FeatureScale) {
  let to = 0;
  return widths.map((width, index) => {
    const from = to;
    to += width;
    const length = index === 0 ? 1 : tapWeight;
    return { width, mean: mean.slice(from, to), factor: factor.slice(from, to), length };
  });
}

/** Sums up rows of features as they come, and tells their scale. */
export function createScaler(widths: readonly number[], length: number) {
  const size = widths.reduce((sum, width) => sum + width, 0);
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  let rows = 0;
  return {
    add(row: Float32Array): void {
      for (let i = 0; i < size; i += 1) {
        const value = row[i] as number;
        sums[i] = (sums[i] as number) + value;
        squares[i] = (squares[i] as number) + value * value;
      }
      rows += 1;
    },
    scale(): FeatureScale {
      const count = Math.max(rows, 1);
      const mean = sums.map((sum) => sum / count);
      const factor = squares.map((square, i) => {
        const deviation = Math.sqrt(Math.max(square / count - (mean[i] as number) ** 2, 0));
        // A feature that never changes says nothing: 1 keeps it at 0 after the mean is taken off.
        return deviation < 1e-6 ? 1 : 1 / deviation;
      });
      return {
        widths,
        mean: Float32Array.from(mean),
        factor: Float32Array.from(factor),
        length,
      };
    },
  };
}

/**
 * Standardises each feature, brings each block to length 1 (the taps to 0.7), then the whole to its own.
 *
 * @param raw float32 [n, Σ widths]
 * @returns float32 [n, Σ widths]
 */
export function normaliseFeatures(tf: TensorFlow, raw: Tensor2D, scale: FeatureScale): Tensor2D {
  return tf.tidy(() => {
    const standard = raw.sub(tf.tensor1d(scale.mean)).mul<Tensor2D>(tf.tensor1d(scale.factor));
    const blocks = tf.split(standard, [...scale.widths], 1).map((block, index) => {
      const unit = block.div(norm(tf, block as Tensor2D));
      return index === 0 ? unit : unit.mul(tapWeight);
    });
    const joined = tf.concat(blocks, 1) as Tensor2D;
    return joined.div(norm(tf, joined)).mul<Tensor2D>(scale.length);
  });
}

function norm(tf: TensorFlow, rows: Tensor2D) {
  return tf.maximum(rows.square().sum(1, true).sqrt(), smallestNorm);
}

/** The same for one row of one block, in place. */
export function normaliseRow(row: Float32Array, { mean, factor, length }: FeatureScale): void {
  let squares = 0;
  for (let i = 0; i < row.length; i += 1) {
    const standard = ((row[i] as number) - (mean[i] as number)) * (factor[i] as number);
    row[i] = standard;
    squares += standard * standard;
  }
  const by = length / Math.max(Math.sqrt(squares), smallestNorm);
  for (let i = 0; i < row.length; i += 1) row[i] = (row[i] as number) * by;
}
