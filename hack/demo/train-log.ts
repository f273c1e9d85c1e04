import { createInterface } from 'node:readline';
import { progressOf } from '../process/progress-line.ts';
import type { Kubectl } from '../shop/kubectl.ts';

/** Shows the progress lines of a Job's pod until its log ends or `signal` says so; a log that is not there yet is no error. */
export async function followTrainLog(
  kubectl: Kubectl,
  namespace: string,
  job: string,
  show: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const child = kubectl.spawn(['logs', '-n', namespace, `job/${job}`, '--follow', '--tail=1']);
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) {
    const text = describeProgress(line);
    if (text) show(text);
  }
  signal.removeEventListener('abort', stop);
}

/** A progress line in words, undefined for every other line. */
export function describeProgress(line: string): string | undefined {
  const seen = progressOf(line);
  if (!seen) return undefined;
  const of = (name: string, at?: number, all?: number) =>
    at === undefined ? [] : [`${name} ${at}${all === undefined ? '' : ` of ${all}`}`];
  return [
    seen.phase ?? seen.step,
    ...of('epoch', seen.epoch, seen.epochs),
    ...of('batch', seen.batch, seen.batches),
    ...of('item', seen.done, seen.total),
    ...(seen.loss === undefined ? [] : [`loss ${seen.loss.toFixed(3)}`]),
    ...(seen.accuracy === undefined ? [] : [`accuracy ${(seen.accuracy * 100).toFixed(1)} %`]),
    ...(seen.itemsPerSecond === undefined ? [] : [`${Math.round(seen.itemsPerSecond)} items/s`]),
    ...(seen.etaSeconds === undefined ? [] : [`${Math.ceil(seen.etaSeconds)} s left`]),
  ].join(', ');
}
