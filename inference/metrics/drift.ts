/** What a classifier's answers are held against: how often each class was predicted on the holdout, by its place in labels.json. */
export type Baseline = readonly number[];

const slotMs = 5 * 60_000;
/** Twelve whole slots and the one that is being filled: the window is of 60 to 65 minutes. */
const slots = 13;
/** Below this a figure would tell of chance, not of change. */
export const fewestPredictions = 500;
/** Classes that the holdout has less of are one bin together: alone they would be all noise. */
const smallestShare = 0.02;

export interface Drift {
  /**
   * Population stability index of the last hour's predicted classes against the holdout's, in nats: the sum over bins of
   * (a - e) · ln(a / e), with half a prediction added to each bin on either side. By custom < 0.1 is stable, > 0.25 a shift
   * (Siddiqi 2006, Credit Risk Scorecards, ch. 9).
   */
  psi: number;
  /** What chance alone would give on average with so many predictions: (bins - 1) · (1/n + 1/m) (Yurdakul 2018). */
  byChance: number;
}

/** Counts the predicted classes of the last hour. It holds one row of counts for each five minutes, whatever comes. */
export function createDriftWindow(classes: number, now: () => number = Date.now) {
  const counts = Array.from({ length: slots }, () => new Uint32Array(classes));
  const numbers = new Array<number>(slots).fill(-1);

  /** The row of this moment, emptied if it is one of an earlier round. */
  function current(): Uint32Array {
    const number = Math.floor(now() / slotMs);
    const row = counts[number % slots] as Uint32Array;
    if (numbers[number % slots] !== number) {
      numbers[number % slots] = number;
      row.fill(0);
    }
    return row;
  }

  function lastHour(): number[] {
    const oldest = Math.floor(now() / slotMs) - slots + 1;
    const sums = new Array<number>(classes).fill(0);
    counts.forEach((row, slot) => {
      if ((numbers[slot] as number) < oldest) return;
      row.forEach((count, c) => {
        sums[c] = (sums[c] as number) + count;
      });
    });
    return sums;
  }

  return {
    add(predicted: number): void {
      const row = current();
      row[predicted] = (row[predicted] as number) + 1;
    },
    /** Predictions in the window. */
    size: () => sum(lastHour()),
    /** Undefined with fewer than 500 predictions in the window: that is no figure. */
    against(baseline: Baseline): Drift | undefined {
      const seen = lastHour();
      const n = sum(seen);
      const m = sum(baseline);
      if (n < fewestPredictions || m === 0) return undefined;
      return stability(inBins(seen, baseline), inBins(baseline, baseline), { n, m });
    },
  };
}

function stability(
  actual: readonly number[],
  expected: readonly number[],
  { n, m }: { n: number; m: number },
): Drift {
  const bins = expected.length;
  const psi = expected.reduce((total, held, bin) => {
    const a = ((actual[bin] as number) + 0.5) / (n + bins / 2);
    const e = (held + 0.5) / (m + bins / 2);
    return total + (a - e) * Math.log(a / e);
  }, 0);
  return { psi, byChance: (bins - 1) * (1 / n + 1 / m) };
}

/** Counts by bin: each frequent class of the baseline is one, the rest together the last. */
function inBins(counts: readonly number[], baseline: Baseline): number[] {
  const least = sum(baseline) * smallestShare;
  const own = counts.filter((_, c) => (baseline[c] as number) >= least);
  return own.length === counts.length ? own : [...own, sum(counts) - sum(own)];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
