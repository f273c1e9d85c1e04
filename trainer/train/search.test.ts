import { expect } from 'chai';
import fc from 'fast-check';
import { type Axis, type Outcome, search } from './search.ts';

const start = { epochs: 10, batchSize: 1, learningRate: 1, seed: 0, imageSize: 32, c: 2, d: 0 };
type Made = typeof start;
const axes: Axis[] = [
  { name: 'c', values: [1, 2, 3] },
  { name: 'd', values: [0, 1] },
];
const plenty = { minutes: 60, configurations: 64 };

/** Tries configurations whose macro F1 a formula tells, and notes which. */
function trying(macroF1: (made: Made) => number, seconds = 1) {
  const asked: [number, number][] = [];
  const attempt = async (made: Made): Promise<Outcome> => {
    asked.push([made.c, made.d]);
    return { macroF1: macroF1(made), accuracy: 0.5, products: 10_000, seconds };
  };
  return { asked, attempt };
}

describe('search', () => {
  it('walks along one axis after the other, from the best so far, and tries nothing twice', async () => {
    const { asked, attempt } = trying(({ c, d }) => 0.1 * c + 0.2 * d);
    const found = await search(start, axes, plenty, attempt);
    expect(asked).to.deep.equal([
      [2, 0],
      [1, 0],
      [3, 0],
      [3, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(found.hyperparameters).to.deep.equal({ ...start, c: 3, d: 1 });
    expect(found.ended).to.equal('nothing better is near');
    expect(found.trials[found.chosen]).to.deep.include({ changed: { c: 3, d: 1 }, accuracy: 0.5 });
  });

  it('finds what is best together only: one axis opens the way for another', async () => {
    const { attempt } = trying(({ c, d }) => (d === 1 ? c * 0.1 : 0.15));
    const found = await search(start, axes, plenty, attempt);
    expect(found.hyperparameters).to.include({ c: 3, d: 1 });
  });

  // The standard error of an accuracy of 0.5 on 10,000 products is 0.005, a quarter of it 0.00125.
  for (const [name, gain, chosen] of [
    ['leaves a tie to the simpler one', 0, 2],
    ['takes a difference that chance explains for a tie', 0.001, 2],
    ['takes a clear gain', 0.002, 3],
  ] as const)
    it(name, async () => {
      const { attempt } = trying(({ c }) => (c === 3 ? 0.5 + gain : 0.5));
      expect((await search(start, axes, plenty, attempt)).hyperparameters.c).to.equal(chosen);
    });

  it('begins nothing when the time is up, and always tries the first', async () => {
    const { asked, attempt } = trying(({ c }) => c, 31);
    const found = await search(start, axes, { minutes: 1, configurations: 64 }, attempt);
    expect(asked).to.deep.equal([
      [2, 0],
      [1, 0],
    ]);
    expect(found).to.include({ ended: 'minutes', chosen: 0 });
  });

  it('never tries more than it may, and never chooses what did worse than the first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        async (configurations, scores) => {
          const { asked, attempt } = trying(({ c, d }) => scores[(c - 1) * 2 + d] as number);
          const found = await search(start, axes, { minutes: 60, configurations }, attempt);
          expect(asked.length).to.be.at.most(configurations);
          expect(new Set(asked.map(String)).size).to.equal(asked.length);
          const { c, d } = found.hyperparameters;
          expect(scores[(c - 1) * 2 + d]).to.be.at.least(scores[2] as number);
        },
      ),
    );
  });
});
