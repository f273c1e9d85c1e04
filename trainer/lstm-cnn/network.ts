import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-node';
import { createRandom } from '../fit/random.ts';
import type { AnswerName } from '../judge/answers.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import type { Batch } from './batch.ts';
import { batchNormEpsilon, lstm, normaliseBatch } from './kernels.ts';
import { channels, type LstmCnnSettings } from './settings.ts';

/*
 * The model of the original Rakuten project: an embedding and an LSTM for the text, a convolutional network for the
 * picture, one dense layer and a softmax over both side by side. The original's convolutions were those of VGG16,
 * pretrained and frozen, which cannot be had here: ours are smaller and learned from the products themselves. Two more
 * classifiers answer for the text alone and for the picture alone.
 */

/** Arrays of numbers by name. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
export type Weights = Readonly<Record<string, Weight>>;
export type Tensors = Readonly<Record<string, Tensor>>;

/** Names and shapes of what is learned. */
export function shapesOf(
  settings: LstmCnnSettings,
  rows: number,
  classes: number,
): Record<string, number[]> {
  const { embedding, units, joint } = settings;
  const shapes: Record<string, number[]> = {
    embedding: [rows, embedding],
    'lstm/kernel': [embedding + units, 4 * units],
    'lstm/bias': [4 * units],
  };
  let input = 3;
  channels.forEach((output, i) => {
    shapes[`conv${i}/kernel`] = [3, 3, input, output];
    shapes[`conv${i}/scale`] = [output];
    shapes[`conv${i}/offset`] = [output];
    input = output;
  });
  const dense = (name: string, from: number, to: number) => {
    shapes[`${name}/kernel`] = [from, to];
    shapes[`${name}/bias`] = [to];
  };
  dense('joint', units + input, joint);
  dense('fused', joint, classes);
  dense('text', units, classes);
  dense('picture', input, classes);
  return shapes;
}

/** Where learning begins: Glorot's uniform numbers, an LSTM that forgets nothing yet, norms that change nothing. */
export function initialWeights(shapes: Record<string, number[]>, seed: number): Weights {
  const random = createRandom(seed);
  const weights: Record<string, Weight> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const size = shape.reduce((product, each) => product * each, 1);
    const data = new Float32Array(size);
    const [fanOut = 1, fanIn = 1] = shape.toReversed();
    const area = shape.length === 4 ? 9 : 1;
    const limit = name === 'embedding' ? 0.05 : Math.sqrt(6 / (area * (fanIn + fanOut)));
    if (name.endsWith('/scale')) data.fill(1);
    else if (name === 'lstm/bias') data.fill(1, size / 4, size / 2);
    else if (shape.length > 1)
      for (let i = 0; i < size; i += 1) data[i] = (random() * 2 - 1) * limit;
    // The last row is the padding's and that of words never seen: it says nothing.
    if (name === 'embedding') data.fill(0, size - fanOut);
    weights[name] = { shape, data };
  }
  return weights;
}

/** How the convolutions are normalised: with the batch's own figures, or with the moving averages of training. */
export type Normalise = (x: Tensor4D, layer: string) => Tensor4D;

/** With moving averages, for answers that do not depend on who else is in the batch. */
export function normaliseBy(tf: TensorFlow, tensors: Tensors): Normalise {
  const part = (name: string) => tensors[name] as Tensor1D;
  return (x, layer) =>
    tf.batchNorm(
      x,
      part(`${layer}/mean`),
      part(`${layer}/variance`),
      part(`${layer}/offset`),
      part(`${layer}/scale`),
      batchNormEpsilon,
    ) as Tensor4D;
}

/** With the figures of the batch, which `told` gets (and disposes of). */
export function normaliseByBatch(
  tf: TensorFlow,
  tensors: Tensors,
  told: (layer: string, mean: Tensor1D, variance: Tensor1D) => void,
): Normalise {
  return (x, layer) => {
    const scale = tensors[`${layer}/scale`] as Tensor1D;
    const { y, mean, variance } = normaliseBatch(
      tf,
      x,
      scale,
      tensors[`${layer}/offset`] as Tensor1D,
    );
    told(layer, mean, variance);
    return y;
  };
}

/** Of the three classifiers, each float32 [n, classes]. */
export type Logits = Readonly<Record<AnswerName, Tensor2D>>;

/**
 * What the three classifiers say of a batch; call it inside tf.tidy.
 *
 * @param keep what dropout leaves, [n, units + channels], 0 or 1 / (1 − share); undefined outside training
 */
export function forward(
  tf: TensorFlow,
  tensors: Tensors,
  batch: Batch,
  normalise: Normalise,
  keep?: Tensor2D,
): Logits {
  const part = <T extends Tensor>(name: string) => tensors[name] as T;
  const dense = (x: Tensor2D, name: string) =>
    tf.matMul(x, part<Tensor2D>(`${name}/kernel`)).add<Tensor2D>(part(`${name}/bias`));
  const { size, words, side, pictures } = batch;

  // [words × n, width] → [words, n, width] → [n, units]
  const read = tf
    .gather(part<Tensor2D>('embedding'), tf.tensor1d(batch.ids, 'int32'))
    .mul(tf.tensor2d(batch.weights, [words * size, 1]))
    .reshape([words, size, -1]) as Tensor3D;
  const text = lstm(tf, read, part('lstm/kernel'), part('lstm/bias'));

  // [pictures, side, side, 3] → [pictures, channels] → [n, channels]
  const shown = Math.max(pictures, 1);
  const blank = pictures === 0 ? new Float32Array(side * side * 3) : batch.pixels;
  let x: Tensor4D = tf.tensor4d(blank, [shown, side, side, 3]);
  channels.forEach((_, i) => {
    x = tf.conv2d(x, part<Tensor4D>(`conv${i}/kernel`), 2, 'same');
    x = tf.relu(normalise(x, `conv${i}`));
  });
  const averages = x.mean([1, 2]) as Tensor2D;
  const width = averages.shape[1];
  // Who has no picture gets the row of zeros behind the last one.
  const own = Int32Array.from(batch.pictureOf, (at) => (at === pictures ? shown : at));
  const picture = tf.gather(
    tf.concat([averages, tf.zeros([1, width])], 0),
    tf.tensor1d(own, 'int32'),
  ) as Tensor2D;

  const both = tf.concat([text, picture], 1) as Tensor2D;
  const kept = keep ? both.mul<Tensor2D>(keep) : both;
  const [keptText, keptPicture] = tf.split(kept, [text.shape[1], width], 1) as [Tensor2D, Tensor2D];
  return {
    fused: dense(tf.relu(dense(kept, 'joint')), 'fused'),
    text: dense(keptText, 'text'),
    picture: dense(keptPicture, 'picture'),
  };
}
