import type { FitProgress } from '../fit/loop.ts';
import type { ProgressEvent } from '../step.ts';

const everyMs = 1000;

/** Tells how far a fit is: at most once a second, and at the end of every epoch. `now` is in milliseconds. */
export function showSteps(
  show: (event: ProgressEvent) => void,
  phase: string,
  products: number,
  now: () => number = () => performance.now(),
): (progress: Omit<FitProgress, 'pace'>) => void {
  const started = now();
  let told = started;
  // A fit that goes on after an interruption does not begin at 0.
  let before: number | undefined;
  return (progress) => {
    const { epoch, epochs, batch, batches, loss, accuracy } = progress;
    before ??= (epoch - 1 + (batch - 1) / batches) / epochs;
    if (batch < batches && now() - told < everyMs) return;
    told = now();
    const share = (epoch - 1 + batch / batches) / epochs;
    const seconds = Math.max((told - started) / 1000, 1e-3);
    show({
      step: 'train',
      phase,
      epoch,
      epochs,
      batch,
      batches,
      loss: rounded(loss),
      accuracy: rounded(accuracy),
      itemsPerSecond: Math.round(((share - before) * epochs * products) / seconds),
      etaSeconds: Math.round((seconds / (share - before)) * (1 - share)),
    });
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
