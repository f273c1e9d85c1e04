import { join } from 'node:path';
import type { SequencePreprocessing } from '@shelfwise/trainer-contract';
import { spreadRows } from '../fit/embedding-rows.ts';
import { accuracyOf, type Predictions, predictRows } from '../judge/predictions.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import type { Calibrated, Fit, FitTask } from '../train/architecture.ts';
import { type BatchSource, readBatch } from './batch.ts';
import { fitNetwork } from './fit.ts';
import { forward, normaliseBy, type Tensors, type Weight, type Weights } from './network.ts';
import { readSequences } from './sequences.ts';
import type { LstmCnnSettings } from './settings.ts';

/** Everything of a model but the calibration. */
export interface FittedModel {
  readonly text: SequencePreprocessing;
  /** The network's parameters and moving averages; `embedding` has a row for each bucket and one, of 0, for the padding. */
  readonly weights: Weights;
}

export type TrainedModel = FittedModel & Calibrated;

const atOnce = 128;

/** Fits the network on some of the products and nothing else. */
export async function fitModel(
  task: FitTask<'pixels', LstmCnnSettings>,
): Promise<Fit<FittedModel>> {
  const { tf, products, fitted, judged, hyperparameters: settings, signal } = task;
  const sequences = await readSequences(products, fitted, {
    buckets: settings.buckets,
    path: join(task.scratchDir, 'sequences.bin'),
    signal,
    onProgress: task.onTexts,
  });
  const source: BatchSource = { products, sequences };
  const { network, curve } = await fitNetwork(tf, source, {
    settings,
    rows: fitted,
    keeper: task.keeper,
    signal,
    onStep: task.onStep,
    judge: (network) =>
      judged.length === 0 ? null : accuracyOf(predict(tf, source, network, judged)),
  });
  const predictions = predict(tf, source, network, judged);
  const weights = read(network, sequences.rowOf);
  tf.dispose({ ...network });
  sequences.ids.close();
  return { model: { text: sequences.preprocessing, weights }, curve, predictions };
}

/** What the three classifiers say of `rows` (indices of products), before the softmax. */
function predict(
  tf: TensorFlow,
  source: BatchSource,
  network: Tensors,
  rows: Int32Array,
): Predictions {
  const asked = { ...source.products, hasText: source.sequences.hasText, atOnce };
  return predictRows(tf, rows, asked, (some) => {
    const batch = readBatch(source, some, () => false);
    return forward(tf, network, batch, normaliseBy(tf, network));
  });
}

/** Out of TensorFlow, and back to a row of the embedding for every bucket. */
function read(network: Tensors, rowOf: Int32Array): Weights {
  const weights: Record<string, Weight> = {};
  for (const [name, tensor] of Object.entries(network))
    weights[name] = { shape: tensor.shape, data: tensor.dataSync<'float32'>() };
  const { shape, data } = weights.embedding as Weight;
  const width = shape[1] as number;
  weights.embedding = { shape: [rowOf.length, width], data: spreadRows(data, rowOf, width) };
  return weights;
}
