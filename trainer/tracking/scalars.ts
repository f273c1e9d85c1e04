import type { ProgressEvent } from '../step.ts';
import type { Scalar } from './event-file.ts';

const curves: [field: 'loss' | 'accuracy' | 'itemsPerSecond', name: string][] = [
  ['loss', 'loss'],
  ['accuracy', 'accuracy'],
  ['itemsPerSecond', 'items_per_second'],
];

/**
 * What a fit's progress says, as points of curves: `<phase>/loss` and the like by step, counted on through the epochs, and
 * `<phase>/epoch_loss` by epoch at the end of each. A configuration that was tried is a point of `search/…`. Progress of anything else
 * (files, features) has no curve.
 */
export function scalarsOf(event: ProgressEvent): Scalar[] {
  const { epoch, batch, batches, done, accuracy, macroF1, phase = event.step } = event;
  const group = phase.replaceAll(/[^A-Za-z0-9]+/g, '_');
  if (typeof macroF1 === 'number' && accuracy !== undefined && done !== undefined)
    return Object.entries({ macroF1, accuracy }).map(([name, value]) => ({
      name: `${group}/${name}`,
      value,
      step: done,
    }));
  if (epoch === undefined || batch === undefined || batches === undefined) return [];
  const step = (epoch - 1) * batches + batch;
  return curves.flatMap(([field, name]) => {
    const value = event[field];
    if (value === undefined) return [];
    const point = { name: `${group}/${name}`, value, step };
    const ofEpoch = { name: `${group}/epoch_${name}`, value, step: epoch };
    return batch === batches && field !== 'itemsPerSecond' ? [point, ofEpoch] : [point];
  });
}
