import type { StepIo } from '../step.ts';

/** At most one line a second, so that logs stay readable on a large holdout. */
const everyMs = 1_000;

/** Progress over a holdout of `total` products: what is done, how fast, how long it will take. */
export function createProgress(
  release: string,
  total: number,
  write: StepIo['progress'],
  now = () => performance.now(),
) {
  let done = 0;
  let begun: number | undefined;
  let written = Number.NEGATIVE_INFINITY;
  return {
    doing: (phase: string) => write({ release, phase }),
    product(): void {
      const time = now();
      begun ??= time;
      done++;
      if (done < total && time - written < everyMs) return;
      written = time;
      const rate = time > begun ? (done - 1) / ((time - begun) / 1000) : 0;
      write({
        release,
        phase: 'scoring',
        done,
        total,
        itemsPerSecond: rate > 0 ? Math.round(rate * 10) / 10 : null,
        etaSeconds: rate > 0 ? Math.ceil((total - done) / rate) : null,
      });
    },
  };
}
