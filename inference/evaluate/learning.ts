import type { Learning } from '@shelfwise/inference-contract';
import * as z from 'zod';

/** Of metrics.json only the curves; another trainer may write others, or none. */
const curvesSchema = z.object({
  curves: z.record(z.string(), z.array(z.looseObject({ epoch: z.number() }))),
});

/** The learning curves of a bundle's metrics.json, numbers alone; null where it holds none. */
export function learningOf(training: unknown): Learning | null {
  const read = curvesSchema.safeParse(training);
  if (!read.success) return null;
  const fits = Object.entries(read.data.curves).map(([fit, epochs]) => [
    fit,
    epochs.map(numbersOf),
  ]);
  return fits.length === 0 ? null : Object.fromEntries(fits);
}

function numbersOf(epoch: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(epoch).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === 'number' && Number.isFinite(entry[1]),
    ),
  );
}
