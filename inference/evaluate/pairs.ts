/** What two models said of the same products, as indices of classes that both know. */
export interface Pairs {
  classes: number;
  /** One element for each product, from 0 to classes - 1. */
  truth: Int32Array;
  /** Products with the same number are alike, and right or wrong together. */
  group: Int32Array;
  /** -1 for an answer that is none of these classes, or none at all: wrong, and of no class. */
  candidate: Int32Array;
  champion: Int32Array;
}

/** How many products of each class there are, and for both models how many were found and how many taken for it. */
export interface Counts {
  support: Int32Array;
  candidate: { hits: Int32Array; predicted: Int32Array };
  champion: { hits: Int32Array; predicted: Int32Array };
}

export function noCounts(classes: number): Counts {
  const zeros = () => new Int32Array(classes);
  return {
    support: zeros(),
    candidate: { hits: zeros(), predicted: zeros() },
    champion: { hits: zeros(), predicted: zeros() },
  };
}

export function countPair(counts: Counts, truth: number, candidate: number, champion: number) {
  (counts.support[truth] as number)++;
  if (candidate >= 0) (counts.candidate.predicted[candidate] as number)++;
  if (champion >= 0) (counts.champion.predicted[champion] as number)++;
  if (candidate === truth) (counts.candidate.hits[truth] as number)++;
  if (champion === truth) (counts.champion.hits[truth] as number)++;
}

export function clear({ support, candidate, champion }: Counts): void {
  for (const array of [
    support,
    candidate.hits,
    candidate.predicted,
    champion.hits,
    champion.predicted,
  ])
    array.fill(0);
}

/** Accuracies; NaN where there is no product. */
export function accuracies({ support, candidate, champion }: Counts): [number, number] {
  const products = sum(support);
  return [sum(candidate.hits) / products, sum(champion.hits) / products];
}

/** F1 of each model averaged over the classes that occur, as truth or as that model's answer; NaN where none does. */
export function macroF1s({ support, candidate, champion }: Counts): [number, number] {
  return [macroF1(support, candidate), macroF1(support, champion)];
}

function macroF1(support: Int32Array, { hits, predicted }: Counts['candidate']): number {
  let total = 0;
  let occurring = 0;
  for (let i = 0; i < support.length; i++) {
    const size = (support[i] as number) + (predicted[i] as number);
    if (size === 0) continue;
    occurring++;
    total += (2 * (hits[i] as number)) / size;
  }
  return total / occurring;
}

function sum(values: Int32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
