import { createTally, summarise } from '../../inference/evaluate/scores.ts';
import type { Truth } from './products.ts';

/** One model, fitted once, and how it did on the held-out products. Seconds are null where they belong to another row. */
export interface Run {
  model: string;
  seed: number;
  accuracy: number;
  macroF1: number;
  cost: Cost | null;
}

export interface Cost {
  fitSeconds: number;
  fitCpuSeconds: number;
  /** What is computed of texts and pictures before the fit, whatever the model's settings are. */
  featureSeconds: number;
  featureCpuSeconds: number;
}

/** What a model takes each held-out product for, in their order; null where it has no answer. */
export type Guesses = readonly (string | null)[];

/** Accuracy and macro F1, by the very code that evaluates a release. */
export function score(truth: readonly Truth[], guesses: Guesses) {
  if (truth.length !== guesses.length)
    throw new Error(`There are ${guesses.length} answers for ${truth.length} held-out products.`);
  const tally = createTally([]);
  truth.forEach((product, i) => {
    tally.add(product.class, guesses[i] ?? null);
  });
  const { accuracy, macroF1 } = summarise(tally.result());
  return { accuracy: accuracy ?? 0, macroF1: macroF1 ?? 0 };
}
