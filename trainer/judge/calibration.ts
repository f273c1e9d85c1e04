import type { AnswerName } from './answers.ts';

/** What a margin is divided by before the softmax, for each of the three ways to predict. */
export type Temperatures = Record<AnswerName, number>;

/** Rows of margins with the index of the true class for each. */
export interface Margins {
  readonly classes: number;
  /** [n, classes], row-major. */
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

/** Where fewer rows than this are at hand, the temperature is the one usual for squared hinge margins. */
const minimumRows = 10;
const usualTemperature = 0.3;
const searchSteps = 40;

/**
 * The temperature whose softmax makes the labels most likely (temperature scaling, arXiv:1706.04599).
 * The likelihood has one maximum in the logarithm of the temperature, which golden section finds.
 */
export function fitTemperature(margins: Margins): number {
  if (margins.labels.length < minimumRows) return usualTemperature;
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(0.01);
  let high = Math.log(10);
  for (let step = 0; step < searchSteps; step += 1) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (logLoss(margins, Math.exp(left)) < logLoss(margins, Math.exp(right))) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/** Softmax of margins / temperature, row by row: [n, classes]. */
export function toProbabilities({ classes, values }: Margins, temperature: number): Float32Array {
  const probabilities = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += classes) {
    const row = values.subarray(from, from + classes);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let sum = 0;
    row.forEach((value, i) => {
      const weight = Math.exp((value - top) / temperature);
      probabilities[from + i] = weight;
      sum += weight;
    });
    for (let i = from; i < from + classes; i += 1)
      probabilities[i] = (probabilities[i] as number) / sum;
  }
  return probabilities;
}

/**
 * Sum over the rows, and over one row more of which nothing is known: the mean of all rows, with every class as likely. Where
 * few rows are all right, no temperature would else be low enough, and every answer be certain.
 */
function logLoss({ classes, values, labels }: Margins, temperature: number): number {
  let loss = 0;
  labels.forEach((label, row) => {
    const margins = values.subarray(row * classes, (row + 1) * classes);
    const top = margins.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let weights = 0;
    let mean = 0;
    for (const margin of margins) {
      const logit = (margin - top) / temperature;
      weights += Math.exp(logit);
      mean += logit / classes;
    }
    const known = Math.log(weights) - ((margins[label] as number) - top) / temperature;
    loss += known + (Math.log(weights) - mean) / labels.length;
  });
  return loss;
}
