import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type AnswerName, answerNames, eachAnswer } from './answers.ts';
import type { Margins } from './calibration.ts';
import { best } from './metrics.ts';

/** What each of some products has. */
export interface Modalities {
  readonly hasText: Uint8Array;
  readonly hasPicture: Uint8Array;
}

/** Margins of the three classifiers for some products, and which of them counts. */
export interface Predictions extends Modalities, Readonly<Record<AnswerName, Margins>> {}

/** Values of the three classifiers, each [n, classes], row-major. */
export type Answers = Readonly<Record<AnswerName, Float32Array>>;

/** Products to predict. */
export interface Asked extends Modalities {
  readonly classes: readonly string[];
  /** Index of each product's class. */
  readonly labels: Int32Array;
  /** How many are read at a time. */
  readonly atOnce: number;
}

/**
 * Predicts `rows` (indices of the products), some at a time. `say` reads those that it is given and computes what the
 * classifiers say of them, each [n, classes], before the softmax; it is called inside tf.tidy.
 */
export function predictRows(
  tf: TensorFlow,
  rows: Int32Array,
  { classes: { length: classes }, labels, hasText, hasPicture, atOnce }: Asked,
  say: (rows: Int32Array) => Readonly<Record<AnswerName, Tensor2D>>,
): Predictions {
  const predicted = eachAnswer(() => ({
    classes,
    values: new Float32Array(rows.length * classes),
    labels: rows.map((row) => labels[row] as number),
  }));
  for (let from = 0; from < rows.length; from += atOnce)
    tf.tidy(() => {
      const said = say(rows.subarray(from, from + atOnce));
      for (const name of answerNames)
        predicted[name].values.set(said[name].dataSync(), from * classes);
    });
  return {
    ...predicted,
    hasText: Uint8Array.from(rows, (row) => hasText[row] as number),
    hasPicture: Uint8Array.from(rows, (row) => hasPicture[row] as number),
  };
}

/** Share of products that the classifier for what they have gets right; 0 where there is none. */
export function accuracyOf(predictions: Predictions): number {
  const { hasText, hasPicture, fused } = predictions;
  const { classes, labels } = fused;
  const values = eachAnswer((name) => predictions[name].values);
  // Of one classifier's margins the largest has the largest probability.
  const probabilities = choose(values, { hasText, hasPicture, classes });
  const hits = labels.filter(
    (label, row) => best({ classes, probabilities, labels }, row).index === label,
  );
  return labels.length === 0 ? 0 : hits.length / labels.length;
}

/** For each row what the classifier says that knows all the product has; text's where it has nothing. */
export function choose(values: Answers, has: Modalities & { classes: number }): Float32Array {
  const chosen = new Float32Array(values.fused.length);
  has.hasText.forEach((text, row) => {
    const picture = has.hasPicture[row] === 1;
    const from = picture ? (text ? values.fused : values.picture) : values.text;
    const [start, end] = [row * has.classes, (row + 1) * has.classes];
    chosen.set(from.subarray(start, end), start);
  });
  return chosen;
}

/** The rows of margins for which `keep` is 1. */
export function pick(margins: Margins, keep: (row: number) => boolean): Margins {
  const rows = [...margins.labels.keys()].filter(keep);
  const values = new Float32Array(rows.length * margins.classes);
  rows.forEach((row, i) => {
    const from = row * margins.classes;
    values.set(margins.values.subarray(from, from + margins.classes), i * margins.classes);
  });
  return {
    classes: margins.classes,
    values,
    labels: Int32Array.from(rows, (row) => margins.labels[row] as number),
  };
}
