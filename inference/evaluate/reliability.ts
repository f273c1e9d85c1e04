import type { Calibration } from '@shelfwise/inference-contract';
import type { Answers } from './answers.ts';

const binCount = 15;

/** Probabilities of 0 would make the loss endless: scikit-learn's log_loss clips those of a float32 here, too. */
const smallest = 2 ** -23;

/** Expected calibration error over 15 bins of equal width, and the bins; a bin holds its upper edge, as in Guo et al. 2017. */
export function calibrationOf(answers: Answers): Calibration {
  const { products, confidence, said, truth } = answers;
  const bins = Array.from({ length: binCount }, () => ({ products: 0, confidence: 0, hits: 0 }));
  for (let row = 0; row < products; row++) {
    const sure = confidence[row] as number;
    const index = Math.min(binCount - 1, Math.max(0, Math.ceil(sure * binCount) - 1));
    const bin = bins[index] as (typeof bins)[number];
    bin.products++;
    bin.confidence += sure;
    if (said[row] === truth[row]) bin.hits++;
  }
  const gaps = bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.hits), 0);
  return {
    error: products === 0 ? null : Math.min(1, gaps / products),
    bins: bins.map((bin) => ({
      products: bin.products,
      // A float32 just above 1 is 1.
      confidence: bin.products === 0 ? null : Math.min(1, bin.confidence / bin.products),
      accuracy: bin.products === 0 ? null : bin.hits / bin.products,
    })),
  };
}

/** Mean negative logarithm of the true class's probability, in nats; null where there is no product. */
export function logLossOf({ products, truthProbability }: Answers): number | null {
  if (products === 0) return null;
  let sum = 0;
  for (const probability of truthProbability)
    sum -= Math.log(Math.min(1, Math.max(probability, smallest)));
  return Math.max(0, sum / products);
}

/** Share of the products whose class is among the `k` likeliest. */
export function topAccuracyOf({ products, likelier }: Answers, k: number): number | null {
  if (products === 0) return null;
  return likelier.reduce((hits, before) => hits + (before < k ? 1 : 0), 0) / products;
}
