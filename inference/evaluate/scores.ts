import type { ClassScores, Metrics } from '@shelfwise/inference-contract';
import { createNames } from './answers.ts';

/** Counts of true against predicted classes, from one product after the other. */
export function createTally(labels: readonly string[]) {
  const { all, place } = createNames(labels);
  /** Rows and columns only as far as something was counted. */
  const counts: number[][] = [];
  const missed: number[] = [];
  let products = 0;
  let unanswered = 0;

  return {
    /** `predicted` null: the model had no answer, which is wrong whatever the truth. */
    add(truth: string, predicted: string | null): void {
      products++;
      const row = place(truth);
      if (predicted === null) {
        unanswered++;
        missed[row] = (missed[row] ?? 0) + 1;
        return;
      }
      const column = place(predicted);
      counts[row] ??= [];
      counts[row][column] = (counts[row][column] ?? 0) + 1;
    },
    result: (): Tally => ({
      classes: [...all],
      counts: all.map((_, i) => all.map((_, j) => counts[i]?.[j] ?? 0)),
      products,
      unanswered,
      missed: all.map((_, i) => missed[i] ?? 0),
    }),
  };
}

export interface Tally {
  classes: string[];
  /** `counts[i][j]`: products of class i that were taken for class j. */
  counts: number[][];
  products: number;
  unanswered: number;
  /** Products of class i that had no answer. */
  missed: number[];
}

/**
 * Precision, recall and F1 of every class. A class that nothing is of has no recall, one that nothing was taken for no
 * precision: both null. F1 is null only where both are; else a missing one counts as 0, as scikit-learn has it.
 */
export function scoreClasses({ classes, counts, missed }: Tally): ClassScores[] {
  return classes.map((name, i) => {
    const hits = counts[i]?.[i] ?? 0;
    const support = sum(counts[i] ?? []) + (missed[i] ?? 0);
    const predicted = sum(counts.map((row) => row[i] ?? 0));
    return {
      class: name,
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
      predicted,
    };
  });
}

/**
 * Accuracy, and F1 averaged over the classes that occur, as truth or as prediction (scikit-learn's f1_score with `macro` and
 * `weighted`). Null, not 0, where there is nothing to compute from.
 */
export function summarise(tally: Tally): Metrics {
  const occurring = scoreClasses(tally).filter(({ f1 }) => f1 !== null);
  const hits = sum(tally.counts.map((row, i) => row[i] ?? 0));
  const f1 = (one: ClassScores) => one.f1 as number;
  return {
    accuracy: ratio(hits, tally.products),
    macroF1: ratio(sum(occurring.map(f1)), occurring.length),
    weightedF1: ratio(sum(occurring.map((one) => f1(one) * one.support)), tally.products),
  };
}

/** The classes with the lowest recalls among those with at least `minimumSupport` products, lowest first. */
export function lowestRecalls(scores: ClassScores[], most: number, minimumSupport = 1) {
  return scores
    .flatMap(({ class: name, recall, support }) =>
      recall !== null && support >= minimumSupport ? [{ class: name, recall, support }] : [],
    )
    .sort((a, b) => a.recall - b.recall || b.support - a.support || (a.class < b.class ? -1 : 1))
    .slice(0, most);
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

function ratio(part: number, whole: number): number | null {
  const share = part / whole;
  return Number.isFinite(share) ? share : null;
}
