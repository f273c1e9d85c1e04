import type { Comparison } from '@shelfwise/inference-contract';
import type { Answers, Names } from './answers.ts';
import { bootstrapDifferences } from './bootstrap.ts';
import { mcnemarExact } from './mcnemar.ts';
import { accuracies, countPair, macroF1s, noCounts, type Pairs } from './pairs.ts';

interface Contestant {
  answers: Answers;
  labels: readonly string[];
}

const resamples = 2_000;

/**
 * Candidate against champion, product by product. Where their classes differ only the products of shared classes count, and
 * an answer outside of them is wrong: a class that one of them never learned says nothing of how well it tells the others.
 */
export function compare(
  candidate: Contestant,
  champion: Contestant,
  { classes, confidence, seed }: { classes: Names; confidence: number; seed: string },
): Comparison {
  const known = new Set(champion.labels);
  const shared = candidate.labels.filter((label) => known.has(label));
  const pairs = pairsOf(candidate.answers, champion.answers, shared.map(classes.place));
  const counts = noCounts(shared.length);
  const outcomes = { bothRight: 0, candidateOnly: 0, championOnly: 0, bothWrong: 0 };
  pairs.truth.forEach((truth, i) => {
    const [one, other] = [pairs.candidate[i] as number, pairs.champion[i] as number];
    countPair(counts, truth, one, other);
    outcomes[outcomeOf(one === truth, other === truth)]++;
  });
  const bounds = bootstrapDifferences(pairs, counts, { resamples, confidence, seed });
  const both = ([one, other]: [number, number]) => {
    const [candidateScore, championScore] = [finite(one), finite(other)];
    return { candidate: candidateScore, champion: championScore, difference: finite(one - other) };
  };
  const none = { lower: null, upper: null };
  return {
    products: pairs.truth.length,
    leftOut: candidate.answers.products - pairs.truth.length,
    classes: shared.length,
    ...outcomes,
    pValue: bounds && mcnemarExact(outcomes.candidateOnly, outcomes.championOnly),
    confidence,
    accuracy: { ...both(accuracies(counts)), ...(bounds?.accuracy ?? none) },
    macroF1: { ...both(macroF1s(counts)), ...(bounds?.macroF1 ?? none) },
    candidateClasses: candidate.labels.filter((label) => !known.has(label)),
    championClasses: champion.labels.filter((label) => !candidate.labels.includes(label)),
    groups: new Set(pairs.group).size,
    bootstrap: { resamples, seed },
  };
}

/** What both said of the products whose class is one of `shared`. */
function pairsOf(candidate: Answers, champion: Answers, shared: number[]): Pairs {
  const index = new Map(shared.map((label, i) => [label, i]));
  const rows = candidate.truth.keys().filter((row) => index.has(candidate.truth[row] as number));
  const compared = Int32Array.from(rows);
  const column = (values: Int32Array) =>
    compared.map((row) => index.get(values[row] as number) ?? -1);
  return {
    classes: shared.length,
    group: compared.map((row) => candidate.group[row] as number),
    truth: column(candidate.truth),
    candidate: column(candidate.said),
    champion: column(champion.said),
  };
}

function outcomeOf(candidate: boolean, champion: boolean) {
  if (candidate) return champion ? 'bothRight' : 'candidateOnly';
  return champion ? 'championOnly' : 'bothWrong';
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
