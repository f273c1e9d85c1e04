import { writeFileSync } from 'node:fs';
import type { MochaOptions, Runner } from 'mocha';
import Mocha from 'mocha';

/** Mocha's spec reporter that also writes its counts to the file named by the reporter option `counts`. */
export default class SpecWithCounts extends Mocha.reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(options.reporterOptions?.counts, JSON.stringify({ passes, failures, pending }));
    });
  }
}
