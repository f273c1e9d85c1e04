import { expect } from 'chai';
import fc from 'fast-check';
import { scale } from './scale.ts';

describe('scale', () => {
  const cases: [low: number, high: number, ticks: number[]][] = [
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [1, 10, [2, 4, 6, 8, 10]],
    [0.1, 0.35, [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]],
    [7, 7, [6.6, 6.8, 7, 7.2, 7.4]],
    [0, 12_345, [0, 5000, 10_000]],
  ];
  for (const [low, high, ticks] of cases) {
    it(`has round ticks from ${low} to ${high}`, () => {
      expect(scale(low, high, [0, 100]).ticks).to.deep.equal(ticks);
    });
  }

  it('has two to eleven ticks, all of them inside, for any range', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, extent) => {
        const { at, ticks } = scale(low, low + extent, [10, 110]);
        expect(ticks.length).to.be.within(2, 11);
        if (extent > Math.abs(low) / 1000)
          for (const tick of ticks) expect(at(tick)).to.be.within(9.99, 110.01);
      }),
    );
  });
});
