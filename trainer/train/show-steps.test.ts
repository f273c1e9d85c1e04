import { expect } from 'chai';
import type { ProgressEvent } from '../step.ts';
import { showSteps } from './show-steps.ts';

describe('progress of a fit', () => {
  const shown: ProgressEvent[] = [];
  let now = 0;
  const step = showSteps(
    (event) => shown.push(event),
    'final fit',
    1000,
    () => now,
  );
  const at = (ms: number, epoch: number, batch: number) => {
    now = ms;
    step({ epoch, epochs: 4, batch, batches: 10, loss: 1.23456, accuracy: 0.5 });
  };

  it('is told once a second and at the end of an epoch', () => {
    for (let batch = 1; batch <= 9; batch += 1) at(batch * 150, 1, batch);
    at(1999, 1, 10);
    at(2000, 2, 1);
    expect(shown.map(({ epoch, batch }) => [epoch, batch])).to.deep.equal([
      [1, 7],
      [1, 10],
    ]);
  });

  it('says how fast it is and how long it takes', () => {
    expect(shown.at(-1)).to.include({
      phase: 'final fit',
      loss: 1.2346,
      itemsPerSecond: 500,
      etaSeconds: 6,
    });
  });
});
