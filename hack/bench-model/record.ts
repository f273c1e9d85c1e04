import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Run } from './run.ts';

/** What was fitted to what. */
export interface Fit {
  /** Digest of the snapshot: products, labels, pictures and split. */
  readonly dataset: string;
  readonly model: string;
  readonly seed: number;
}

/** What came of it: a row for each view of the model. */
export interface Outcome {
  readonly runs: readonly Run[];
  /** What was tuned, for people. */
  readonly tuned?: string;
}

interface Line extends Fit, Outcome {
  /** The code that it was fitted by. */
  readonly commit: string;
}

/** Finished fits, in a file or nowhere. */
export interface FitRecord {
  find(fit: Fit): Outcome | undefined;
  add(fit: Fit, outcome: Outcome): void;
  /** Fits that were found and not done again, for each commit that they were fitted by. */
  reused(): ReadonlyMap<string, number>;
}

/**
 * Opens a file of finished fits, a line of JSON each, so that a run that was cut short goes on where it was, and models that were
 * fitted apart come into one table. Whether the code has changed since, in what the fit depends on, is for a person to judge:
 * the report tells the commits.
 */
export function openRecord(path: string | undefined, commit: string): FitRecord {
  const lines: Line[] =
    path !== undefined && existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line))
      : [];
  const found = new Map<string, number>();
  return {
    find(fit) {
      // The last one: who fits anew adds a line.
      const line = lines.findLast((each) => isOf(each, fit));
      if (line) found.set(line.commit, (found.get(line.commit) ?? 0) + 1);
      return line;
    },
    add(fit, outcome) {
      if (path !== undefined)
        appendFileSync(path, `${JSON.stringify({ ...fit, commit, ...outcome })}\n`);
    },
    reused: () => found,
  };
}

function isOf(line: Fit, { dataset, model, seed }: Fit): boolean {
  return line.dataset === dataset && line.model === model && line.seed === seed;
}
