import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import type { MochaOptions, Runner } from 'mocha';
import Mocha from 'mocha';

/** What a suite of tests counted; of each failure where it was and its words. */
export interface Counts {
  passes: number;
  failures: number;
  failed: { title: string; message: string }[];
}

/** Mocha's spec reporter that also writes its counts to the file named by the reporter option `counts`. */
export default class SpecWithCounts extends Mocha.reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      const failed = this.failures.map((test) => ({
        title: test.titlePath().join(' › '),
        message: test.err ? wordsOf(test.err) : 'failed without a word',
      }));
      const counts: Counts = { passes, failures, failed };
      writeFileSync(options.reporterOptions?.counts, JSON.stringify(counts));
    });
  }
}

const seen = { depth: 5, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 };

/** chai cuts what it saw to a few words where it is a list or an object. */
function wordsOf(error: Error & { actual?: unknown }): string {
  // Not JSON: what a test saw may have a circle or a bigint in it, and then no failure would be told at all.
  const saw = typeof error.actual === 'object' ? ` (saw ${inspect(error.actual, seen)})` : '';
  return `${error.message}${saw}`;
}
