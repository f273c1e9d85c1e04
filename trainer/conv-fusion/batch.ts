import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { PictureFeatures } from '../features/pictures.ts';
import type { Products } from '../features/products.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import type { HeadInputs } from './head.ts';
import { type FeatureScale, normaliseFeatures } from './normalise.ts';
import type { Texts } from './texts.ts';
import type { ScaledVectors } from './vectors.ts';

/** What batches are read from. */
export interface BatchSource {
  readonly products: Products<PictureFeatures>;
  readonly texts: Texts;
  readonly scale: FeatureScale;
  /** The vectors of the texts, normalised, where an encoder reads them. */
  readonly sentences?: Pick<ScaledVectors, 'width' | 'read'>;
  /** Row of the embedding for each token id. */
  readonly rowOf: Int32Array;
}

/** Some products on the CPU's side, ready to become tensors. What it holds is written over by the next one. */
export interface Batch {
  readonly size: number;
  readonly tokens: number;
  readonly ids: Int32Array;
  readonly weights: Float32Array;
  readonly sentences?: Float32Array | undefined;
  readonly pictures: Float32Array;
  readonly labels: Int32Array;
  readonly hasText: Float32Array;
  readonly hasPicture: Float32Array;
}

/** Reads the features of `rows` (indices of products); `mirrored` says whether a row takes the mirror image. */
type ReadBatch = (rows: Int32Array, mirrored: (position: number) => boolean) => Batch;

/**
 * Reads batches of at most `most` products, each into the memory of the one before: megabytes that were allocated anew for each step
 * cost more than the reading.
 */
export function batchReader(
  { products, texts, sentences, rowOf }: BatchSource,
  most: number,
): ReadBatch {
  const { width } = products.pictures;
  const slots = texts.preprocessing.maximumTokens;
  const record = new Int32Array(2 * slots);
  const recordBytes = new Uint8Array(record.buffer);
  const recordWeights = new Float32Array(record.buffer, slots * 4);
  const ids = new Int32Array(most * slots);
  const weights = new Float32Array(most * slots);
  const pictures = new Float32Array(most * width);
  const vectorWidth = sentences?.width ?? 0;
  const vectors = new Float32Array(most * vectorWidth);
  return (rows, mirrored) => {
    const size = rows.length;
    let tokens = 1;
    rows.forEach((row, i) => {
      texts.features.read(row, recordBytes);
      for (let j = 0; j < slots; j += 1) ids[i * slots + j] = rowOf[record[j] as number] as number;
      weights.set(recordWeights, i * slots);
      tokens = Math.max(tokens, lastUsed(recordWeights) + 1);
      sentences?.read(row, vectors.subarray(i * vectorWidth, (i + 1) * vectorWidth));
      products.pictures.read(row, pictures.subarray(i * width, (i + 1) * width), mirrored(i));
    });
    return {
      size,
      tokens,
      ids: narrow(ids, size, slots, tokens),
      weights: narrow(weights, size, slots, tokens),
      sentences: sentences && vectors.subarray(0, size * vectorWidth),
      pictures: pictures.subarray(0, size * width),
      labels: rows.map((row) => products.labels[row] as number),
      hasText: Float32Array.from(rows, (row) => texts.hasText[row] as number),
      hasPicture: Float32Array.from(rows, (row) => products.hasPicture[row] as number),
    };
  };
}

/** The batch as the head's inputs; call it inside tf.tidy. */
export function toInputs(tf: TensorFlow, batch: Batch, scale: FeatureScale): HeadInputs {
  const { size, tokens } = batch;
  const raw: Tensor2D = tf.tensor2d(batch.pictures, [size, batch.pictures.length / size]);
  return {
    ids: tf.tensor2d(batch.ids, [size, tokens], 'int32'),
    weights: tf.tensor2d(batch.weights, [size, tokens]),
    sentences:
      batch.sentences && tf.tensor2d(batch.sentences, [size, batch.sentences.length / size]),
    picture: normaliseFeatures(tf, raw, scale).mul(tf.tensor2d(batch.hasPicture, [size, 1])),
  };
}

function lastUsed(weights: Float32Array): number {
  let last = weights.length - 1;
  while (last > 0 && weights[last] === 0) last -= 1;
  return last;
}

/** Most texts are short: the padding that none of `rows` rows needs is left out. */
function narrow<T extends Int32Array | Float32Array>(
  values: T,
  rows: number,
  from: number,
  to: number,
): T {
  if (from !== to)
    for (let row = 1; row < rows; row += 1)
      values.copyWithin(row * to, row * from, row * from + to);
  return values.subarray(0, rows * to) as T;
}
