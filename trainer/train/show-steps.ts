import type { FitProgress } from '../fit/loop.ts';
import type { ProgressEvent } from '../step.ts';

const everyMs = 1000;

/** Tells how far a fit is: at most once a second, and at the end of every epoch. `now` is in milliseconds. */
export function showSteps(
  show: (event: ProgressEvent) => void,
  phase: string,
  products: number,
  now: () => number = () => performance.now(),
): (progress: FitProgress) => void {
  const started = now();
  let told = started;
  return (progress) => {
    const { epoch, epochs, batch, batches, loss, accuracy } = progress;
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
      itemsPerSecond: Math.round((share * epochs * products) / seconds),
      etaSeconds: Math.round(seconds / share - seconds),
    });
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
