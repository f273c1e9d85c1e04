import type { ProgressEvent } from './step.ts';

const everyMs = 1000;

/**
 * Tells how far a phase is: at most once a second, at its beginning and at its end, with rate, and with the time left
 * where the total is known. `now` is in milliseconds.
 */
export function createPace(
  show: (event: ProgressEvent) => void,
  { step, phase, total }: { step: string; phase: string; total?: number | undefined },
  now: () => number = () => performance.now(),
) {
  const started = now();
  let told = Number.NEGATIVE_INFINITY;
  let done = 0;

  function tell(): void {
    told = now();
    const seconds = (told - started) / 1000;
    const rate = seconds > 0 && done > 0 ? done / seconds : undefined;
    show({
      step,
      phase,
      done,
      ...(total !== undefined && { total }),
      ...(rate && { itemsPerSecond: round(rate) }),
      ...(rate && total !== undefined && { etaSeconds: round((total - done) / rate) }),
    });
  }
  tell();

  /** To `to` of all, where that is what is known. */
  function reach(to: number): void {
    done = to;
    if (done === total || now() - told >= everyMs) tell();
  }
  return { reach, advance: (by = 1): void => reach(done + by) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
