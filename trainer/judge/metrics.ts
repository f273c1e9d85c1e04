/** How well predictions fit the labels. Every number is in [0, 1] but nll. */
export interface Metrics {
  accuracy: number;
  /** Mean of the classes' F1, over classes that occur in labels or predictions. */
  macroF1: number;
  /** The same, weighted by how often a class occurs in the labels. */
  weightedF1: number;
  /** Mean negative log likelihood of the true class. */
  nll: number;
  /** Expected calibration error over fifteen bins of confidence. Source: Guo et al. 2017, arXiv:1706.04599. */
  calibrationError: number;
}

export interface ClassMetrics {
  class: string;
  support: number;
  precision: number;
  recall: number;
}

/** Rows of class probabilities with the index of the true class for each. */
export interface Scored {
  readonly classes: number;
  /** [n, classes], row-major. */
  readonly probabilities: Float32Array;
  readonly labels: Int32Array;
}

/** Metrics of calibrated probabilities; all zero where there is no row. */
export function measure(scored: Scored): Metrics {
  const n = scored.labels.length;
  if (n === 0) return { accuracy: 0, macroF1: 0, weightedF1: 0, nll: 0, calibrationError: 0 };
  const counts = confusion(scored);
  const f1 = counts.map(({ hits, support, predicted }) =>
    support + predicted === 0 ? 0 : (2 * hits) / (support + predicted),
  );
  const occurring = counts.filter(({ support, predicted }) => support + predicted > 0).length;
  const weigh = (weight: (index: number) => number) =>
    f1.reduce((sum, value, index) => sum + value * weight(index), 0);
  return {
    accuracy: counts.reduce((sum, { hits }) => sum + hits, 0) / n,
    macroF1: weigh(() => 1) / occurring,
    weightedF1: weigh((index) => counts[index]?.support ?? 0) / n,
    nll: logLoss(scored),
    calibrationError: calibrationError(scored),
  };
}

/** Precision and recall of each class; 0 where there is nothing to divide by. */
export function measureClasses(scored: Scored, names: readonly string[]): ClassMetrics[] {
  return confusion(scored).map(({ hits, support, predicted }, index) => ({
    class: names[index] ?? String(index),
    support,
    precision: predicted === 0 ? 0 : hits / predicted,
    recall: support === 0 ? 0 : hits / support,
  }));
}

/** The most probable class and its probability, row by row. */
export function best(scored: Scored, row: number): { index: number; probability: number } {
  const values = scored.probabilities.subarray(row * scored.classes, (row + 1) * scored.classes);
  let index = 0;
  for (let i = 1; i < values.length; i += 1)
    if ((values[i] as number) > (values[index] as number)) index = i;
  return { index, probability: values[index] as number };
}

function confusion(scored: Scored) {
  const counts = Array.from({ length: scored.classes }, () => ({
    hits: 0,
    support: 0,
    predicted: 0,
  }));
  scored.labels.forEach((label, row) => {
    const guess = best(scored, row).index;
    const truth = counts[label];
    const guessed = counts[guess];
    if (truth) truth.support += 1;
    if (guessed) guessed.predicted += 1;
    if (truth && guess === label) truth.hits += 1;
  });
  return counts;
}

function logLoss({ classes, probabilities, labels }: Scored): number {
  let sum = 0;
  labels.forEach((label, row) => {
    sum -= Math.log(Math.max(probabilities[row * classes + label] as number, 1e-12));
  });
  return sum / labels.length;
}

const calibrationBins = 15;

function calibrationError(scored: Scored): number {
  const bins = Array.from({ length: calibrationBins }, () => ({ confidence: 0, hits: 0 }));
  scored.labels.forEach((label, row) => {
    const { index, probability } = best(scored, row);
    const bin = bins[Math.min(calibrationBins - 1, Math.floor(probability * calibrationBins))];
    if (!bin) return;
    bin.confidence += probability;
    if (index === label) bin.hits += 1;
  });
  const gap = bins.reduce((sum, { confidence, hits }) => sum + Math.abs(confidence - hits), 0);
  return gap / scored.labels.length;
}
