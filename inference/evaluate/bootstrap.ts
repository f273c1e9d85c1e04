import {
  accuracies,
  type Counts,
  clear,
  countPair,
  macroF1s,
  noCounts,
  type Pairs,
} from './pairs.ts';
import { randomIntegers } from './random.ts';

export interface Bounds {
  /** One-sided, each at the confidence. */
  lower: number;
  upper: number;
}

export interface BootstrapOptions {
  resamples: number;
  /** From 0.5 up, below 1. */
  confidence: number;
  seed: string;
}

/**
 * Bounds on the differences of accuracy and of macro F1, candidate less champion, by a paired bootstrap with percentile
 * bounds (Efron and Tibshirani 1993, chapter 13). Resampled within each true class, as the holdout itself was drawn: no class
 * that macro F1 averages over vanishes from a resample. Drawn are groups of products that are alike, not products: ten
 * variants of one thing are one observation, and bounds that took them for ten would be too narrow. `actual` are the counts
 * of all pairs. Null without products.
 */
export function bootstrapDifferences(
  pairs: Pairs,
  actual: Counts,
  { resamples, confidence, seed }: BootstrapOptions,
): { accuracy: Bounds; macroF1: Bounds } | null {
  if (pairs.truth.length === 0) return null;
  const random = randomIntegers(seed);
  const strata = strataOf(pairs);
  const counts = noCounts(pairs.classes);
  const accuracy = new Float64Array(resamples);
  const macroF1 = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    resample(strata, random, counts);
    accuracy[i] = difference(accuracies(counts));
    macroF1[i] = difference(macroF1s(counts));
  }
  return {
    accuracy: bounds(accuracy, confidence, difference(accuracies(actual))),
    macroF1: bounds(macroF1, confidence, difference(macroF1s(actual))),
  };
}

/** The products in the order of class and group, so that a group is a stretch of them and a class a stretch of groups. */
interface Strata {
  /** What `truth`, `candidate` and `champion` of the pairs are, in that order. */
  truth: Int32Array;
  candidate: Int32Array;
  champion: Int32Array;
  /** Where each group begins, and, last, where all end. */
  starts: Int32Array;
  /** First group of each class that has products, and, last, the number of groups. */
  classes: number[];
}

function strataOf({ truth, group, candidate, champion }: Pairs): Strata {
  const at = (values: Int32Array, row: number) => values[row] as number;
  const rows = Int32Array.from(truth.keys()).sort(
    (a, b) => at(truth, a) - at(truth, b) || at(group, a) - at(group, b) || a - b,
  );
  const starts: number[] = [];
  const classes: number[] = [];
  rows.forEach((row, i) => {
    const before = rows[i - 1];
    const another = before === undefined || truth[before] !== truth[row];
    if (another) classes.push(starts.length);
    if (another || group[before] !== group[row]) starts.push(i);
  });
  return {
    truth: rows.map((row) => at(truth, row)),
    candidate: rows.map((row) => at(candidate, row)),
    champion: rows.map((row) => at(champion, row)),
    starts: Int32Array.from([...starts, rows.length]),
    classes: [...classes, starts.length],
  };
}

function resample(
  { truth, candidate, champion, starts, classes }: Strata,
  random: (n: number) => number,
  counts: Counts,
): void {
  clear(counts);
  for (let stratum = 0; stratum + 1 < classes.length; stratum++) {
    const first = classes[stratum] as number;
    const size = (classes[stratum + 1] as number) - first;
    for (let n = 0; n < size; n++) {
      const group = first + random(size);
      const end = starts[group + 1] as number;
      for (let i = starts[group] as number; i < end; i++)
        countPair(counts, truth[i] as number, candidate[i] as number, champion[i] as number);
    }
  }
}

/** Of few products, or very uneven ones, all resamples may lie to one side: a bound is never beyond the estimate. */
function bounds(differences: Float64Array, confidence: number, estimate: number): Bounds {
  const sorted = differences.sort();
  const rank = Math.max(1, Math.floor((sorted.length + 1) * (1 - confidence)));
  return {
    lower: Math.min(estimate, sorted[rank - 1] as number),
    upper: Math.max(estimate, sorted[sorted.length - rank] as number),
  };
}

const difference = ([candidate, champion]: [number, number]) => candidate - champion;
