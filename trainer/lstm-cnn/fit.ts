import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import { createParameter, type Parameter } from '../fit/adam.ts';
import { fitLoop, type Learner, type LearnerStep, type LoopOptions } from '../fit/loop.ts';
import type { Random } from '../fit/random.ts';
import { served } from '../fit/served.ts';
import type { EpochRecord } from '../fit/state.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type Batch, type BatchSource, readBatch } from './batch.ts';
import {
  forward,
  initialWeights,
  normaliseByBatch,
  shapesOf,
  type Tensors,
  type Weights,
} from './network.ts';
import { channels, type LstmCnnSettings } from './settings.ts';

/** How much of the moving averages a step leaves: few steps must do. */
const momentum = 0.9;

export interface FitOptions extends Omit<LoopOptions, 'settings'> {
  readonly settings: LstmCnnSettings;
  /** After each epoch, with the network as it then is: the share of judged products that it gets right. */
  judge(network: Tensors): number | null;
}

/**
 * Fits the network: cross-entropy of the three classifiers, each on the products that have what it reads; pictures are
 * mirrored at random, and dropout hides part of what text and picture say.
 *
 * @returns parameters and moving averages by name, for the caller to dispose of, and the learning curve
 * @throws StepError Diverged when the loss is no longer a number; the signal's reason when aborted
 */
export async function fitNetwork(
  tf: TensorFlow,
  source: BatchSource,
  options: FitOptions,
): Promise<{ network: Tensors; curve: readonly EpochRecord[] }> {
  const { settings } = options;
  const { classes } = source.products;
  const shapes = shapesOf(settings, source.sequences.rows, classes.length);
  const { parameters, statistics } = createNetwork(tf, initialWeights(shapes, settings.seed));
  const network = (): Tensors => values({ ...parameters, ...statistics });
  const learner: Learner = {
    parameters,
    statistics,
    step(products, random) {
      const begun = performance.now();
      const batch = readBatch(source, products, () => random() < 0.5);
      hideWords(batch.weights, random, settings.wordDropout);
      const keep = dropout(random, products.length * keptWidth(settings), settings.dropout);
      const readMs = performance.now() - begun;
      return { ...stepOn(tf, { parameters, statistics }, batch, keep, classes.length), readMs };
    },
    judge: () => options.judge(network()),
  };
  const curve = await fitLoop(tf, learner, { ...options, settings });
  return { network: network(), curve };
}

/** What is learned, and the moving averages. */
export type Network = Pick<Learner, 'parameters'> & Required<Pick<Learner, 'statistics'>>;

/** A network that begins with these weights. */
export function createNetwork(tf: TensorFlow, weights: Weights): Network {
  const parameters: Record<string, Parameter> = {};
  for (const [name, { shape, data }] of Object.entries(weights))
    parameters[name] = createParameter(tf, [...shape], tf.tensor(data, [...shape]));
  const statistics: Record<string, { value: Tensor }> = {};
  channels.forEach((output, i) => {
    statistics[`conv${i}/mean`] = { value: tf.zeros([output]) };
    statistics[`conv${i}/variance`] = { value: tf.ones([output]) };
  });
  return { parameters, statistics };
}

function values(holders: Record<string, { value: Tensor }>): Tensors {
  return Object.fromEntries(Object.entries(holders).map(([name, { value }]) => [name, value]));
}

function keptWidth({ units }: LstmCnnSettings): number {
  return units + (channels.at(-1) as number);
}

/** 0 for a share of the numbers, and for the others what makes up for it. */
function dropout(random: Random, length: number, share: number): Float32Array {
  return Float32Array.from({ length }, () => (random() < share ? 0 : 1 / (1 - share)));
}

/** Hides a share of the words, as padding is hidden: who has seen every word of a product knows it by heart. */
function hideWords(weights: Float32Array, random: Random, share: number): void {
  for (let i = 0; i < weights.length; i += 1)
    if (weights[i] !== 0 && random() < share) weights[i] = 0;
}

/** What a step on a batch that was read gives the loop; moves the averages. `keep` is what dropout leaves, see forward. */
export function stepOn(
  tf: TensorFlow,
  learned: Network,
  batch: Batch,
  keep: Float32Array,
  classes: number,
): Omit<LearnerStep, 'readMs'> {
  const names = Object.keys(learned.parameters);
  const { size } = batch;
  const told = new Map<string, Tensor>();
  let hits = 0;
  const loss = (...tensors: Tensor[]) => {
    const network = Object.fromEntries(names.map((name, i) => [name, tensors[i] as Tensor]));
    const normalise = normaliseByBatch(tf, network, (layer, mean, variance) => {
      told.set(`${layer}/mean`, mean).set(`${layer}/variance`, variance);
    });
    const kept: Tensor2D = tf.tensor2d(keep, [size, keep.length / size]);
    const said = forward(tf, network, batch, normalise, kept);
    const labels = tf.tensor1d(batch.labels, 'int32');
    const truth = tf.oneHot(labels, classes).toFloat();
    const hasText: Tensor2D = tf.tensor2d(batch.hasText, [size, 1]);
    const hasPicture: Tensor2D = tf.tensor2d(batch.hasPicture, [size, 1]);
    // A classifier learns from the products that have what it reads.
    const entropy = (logits: Tensor2D, counts: Tensor2D) =>
      tf.logSoftmax(logits).mul(truth).sum(1, true).mul(counts).sum().neg();
    const answers = served(tf, said, hasText, hasPicture);
    hits = answers.argMax(1).equal(labels).sum().dataSync()[0] as number;
    return tf
      .addN([
        entropy(said.fused, hasText.mul(hasPicture)),
        entropy(said.text, hasText),
        entropy(said.picture, hasPicture),
      ])
      .div(size)
      .asScalar();
  };
  const { value, grads } = tf.valueAndGrads(loss)(
    names.map((name) => learned.parameters[name]?.value as Tensor),
  );
  if (batch.pictures > 0) move(tf, learned.statistics, told);
  tf.dispose([...told.values()]);
  const [found] = value.dataSync<'float32'>();
  value.dispose();
  return {
    loss: found as number,
    hits,
    gradients: Object.fromEntries(names.map((name, i) => [name, grads[i] as Tensor])),
  };
}

/** Lets the moving averages follow a batch's figures. */
function move(
  tf: TensorFlow,
  statistics: Readonly<Record<string, { value: Tensor }>>,
  told: Map<string, Tensor>,
): void {
  for (const [name, statistic] of Object.entries(statistics)) {
    const before = statistic.value;
    statistic.value = tf.tidy(() =>
      before.mul(momentum).add((told.get(name) as Tensor).mul(1 - momentum)),
    );
    before.dispose();
  }
}
