import { wilson } from '@shelfwise/report';
import { createRandom } from '../fit/random.ts';
import { best, type Scored } from './metrics.ts';

/** Two-sided 95 %: low, high. */
export type Interval = [low: number, high: number];

/** How sure the two metrics are that people read first. */
export interface Intervals {
  readonly accuracy: Interval;
  readonly macroF1: Interval;
}

const resamples = 1_000;
const seed = 1;

/**
 * Wilson's interval for accuracy; for macro F1 the percentiles of a bootstrap within the true classes, which always draws the
 * same. Both from 0 to 1 where there is no row: nothing is known then.
 */
export function intervals(scored: Scored): Intervals {
  const { labels, classes } = scored;
  if (labels.length === 0) return { accuracy: [0, 1], macroF1: [0, 1] };
  const said = labels.map((_, row) => best(scored, row).index);
  const hits = labels.reduce((sum, label, row) => sum + (said[row] === label ? 1 : 0), 0);
  const members = Array.from({ length: classes }, (_, label) =>
    labels.map((_, row) => row).filter((row) => labels[row] === label),
  ).filter((rows) => rows.length > 0);
  const random = createRandom(seed);
  const drawn = Array.from({ length: resamples }, () => {
    const rows = members.flatMap((each) =>
      Array.from(each, () => each[Math.floor(random() * each.length)] as number),
    );
    return macroF1(rows, { labels, said, classes });
  }).sort((a, b) => a - b);
  const at = (share: number) => drawn[Math.round(share * (resamples - 1))] as number;
  return {
    accuracy: wilson(hits / labels.length, labels.length),
    macroF1: [at(0.025), at(0.975)],
  };
}

function macroF1(
  rows: readonly number[],
  { labels, said, classes }: { labels: Int32Array; said: Int32Array; classes: number },
): number {
  const hits = new Int32Array(classes);
  const seen = new Int32Array(classes);
  for (const row of rows) {
    const [label, word] = [labels[row] as number, said[row] as number];
    (seen[label] as number)++;
    (seen[word] as number)++;
    if (label === word) (hits[label] as number)++;
  }
  const occurring = seen.reduce((sum, size) => sum + (size > 0 ? 1 : 0), 0);
  const total = seen.reduce(
    (sum, size, label) => sum + (size > 0 ? (2 * (hits[label] as number)) / size : 0),
    0,
  );
  return total / occurring;
}
