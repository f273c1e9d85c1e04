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
 * variants of one thing are one observation, and bounds that took them for ten would be too narrow. Null without products.
 */
export function bootstrapDifferences(
  pairs: Pairs,
  { resamples, confidence, seed }: BootstrapOptions,
): { accuracy: Bounds; macroF1: Bounds } | null {
  if (pairs.truth.length === 0) return null;
  const random = randomIntegers(seed);
  const strata = strataOf(pairs);
  const counts = noCounts(pairs.classes);
  const accuracy = new Float64Array(resamples);
  const macroF1 = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    resample(pairs, strata, random, counts);
    accuracy[i] = difference(accuracies(counts));
    macroF1[i] = difference(macroF1s(counts));
  }
  const actual = noCounts(pairs.classes);
  pairs.truth.forEach((truth, i) => {
    countPair(actual, truth, pairs.candidate[i] as number, pairs.champion[i] as number);
  });
  return {
    accuracy: bounds(accuracy, confidence, difference(accuracies(actual))),
    macroF1: bounds(macroF1, confidence, difference(macroF1s(actual))),
  };
}

/** For each class that has products, its groups of alike ones: rows. */
function strataOf({ classes, truth, group }: Pairs): Int32Array[][] {
  const strata = Array.from({ length: classes }, () => new Map<number, number[]>());
  truth.forEach((label, row) => {
    const groups = strata[label] as Map<number, number[]>;
    const known = groups.get(group[row] as number);
    if (known) known.push(row);
    else groups.set(group[row] as number, [row]);
  });
  return strata
    .filter((groups) => groups.size > 0)
    .map((groups) => Array.from(groups.values(), (rows) => Int32Array.from(rows)));
}

function resample(
  { truth, candidate, champion }: Pairs,
  strata: Int32Array[][],
  random: (n: number) => number,
  counts: Counts,
): void {
  clear(counts);
  for (const groups of strata) {
    for (let n = groups.length; n > 0; n--) {
      const rows = groups[random(groups.length)] as Int32Array;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number;
        countPair(counts, truth[row] as number, candidate[row] as number, champion[row] as number);
      }
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
