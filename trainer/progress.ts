import type { ProgressEvent } from './step.ts';

interface Output {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

/** Progress as JSON lines on stdout, or as one bar that is redrawn on stderr where that is a terminal. */
export function createProgress({ stdout, stderr }: { stdout: Output; stderr: Output }) {
  let drawn = false;
  return {
    show(event: ProgressEvent): void {
      if (!stderr.isTTY) {
        stdout.write(`${JSON.stringify({ event: 'progress', ...event })}\n`);
        return;
      }
      drawn = true;
      stderr.write(`\r\x1b[K${bar(event, stderr.columns ?? 80)}`);
    },
    /** Leaves the bar as it stands and goes to the next line. */
    end(): void {
      if (drawn) stderr.write('\n');
      drawn = false;
    },
  };
}

function bar(event: ProgressEvent, columns: number): string {
  const done = event.done ?? event.batch;
  const total = event.total ?? event.batches;
  const words = [
    event.phase ?? event.step,
    event.epoch && `epoch ${event.epoch}/${event.epochs}`,
    done !== undefined &&
      total !== undefined &&
      `${track(done / Math.max(1, total), columns < 100 ? 10 : 20)} ${done}/${total}`,
    event.loss !== undefined && `loss ${event.loss.toFixed(4)}`,
    event.accuracy !== undefined && `accuracy ${event.accuracy.toFixed(3)}`,
    event.itemsPerSecond !== undefined && `${event.itemsPerSecond.toFixed(0)}/s`,
    event.etaSeconds !== undefined && `${Math.ceil(event.etaSeconds)} s left`,
  ];
  return words
    .filter(Boolean)
    .join('  ')
    .slice(0, columns - 1);
}

function track(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
}
