import { expect } from 'chai';
import type { ProgressEvent } from '../step.ts';
import type { Scalar } from './event-file.ts';
import { scalarsOf } from './scalars.ts';

describe('the scalars of a progress event', () => {
  const fit = { step: 'train', phase: 'fit to be judged', epochs: 3, batches: 10 };
  const cases: { name: string; event: ProgressEvent; scalars: Scalar[] }[] = [
    {
      name: 'count steps on through the epochs',
      event: { ...fit, epoch: 2, batch: 4, loss: 0.5, accuracy: 0.25, itemsPerSecond: 7 },
      scalars: [
        { name: 'fit_to_be_judged/loss', value: 0.5, step: 14 },
        { name: 'fit_to_be_judged/accuracy', value: 0.25, step: 14 },
        { name: 'fit_to_be_judged/items_per_second', value: 7, step: 14 },
      ],
    },
    {
      name: 'are by epoch, too, at its end',
      event: { ...fit, epoch: 2, batch: 10, loss: 0.5 },
      scalars: [
        { name: 'fit_to_be_judged/loss', value: 0.5, step: 20 },
        { name: 'fit_to_be_judged/epoch_loss', value: 0.5, step: 2 },
      ],
    },
    {
      name: 'have a point for each configuration of a search',
      event: { step: 'train', phase: 'search', done: 2, total: 8, macroF1: 0.5, accuracy: 0.75 },
      scalars: [
        { name: 'search/macroF1', value: 0.5, step: 2 },
        { name: 'search/accuracy', value: 0.75, step: 2 },
      ],
    },
    {
      name: 'are none of what is no fit',
      event: { step: 'train', phase: 'features', done: 3, total: 9, itemsPerSecond: 4 },
      scalars: [],
    },
    {
      name: 'are of the step where there is no phase',
      event: { step: 'train', epoch: 1, batch: 1, batches: 2, loss: 1 },
      scalars: [{ name: 'train/loss', value: 1, step: 1 }],
    },
  ];
  for (const { name, event, scalars } of cases)
    it(name, () => expect(scalarsOf(event)).to.deep.equal(scalars));
});
