import { expect } from 'chai';
import fc from 'fast-check';
import { wilson } from './interval.ts';

describe("Wilson's interval", () => {
  // scipy 1.17.1: binomtest(hits, n).proportion_ci(0.95, 'wilson').
  const cases: [hits: number, n: number, low: number, high: number][] = [
    [0, 10, 0, 0.277533],
    [10, 10, 0.722467, 1],
    [81, 100, 0.722212, 0.874852],
    [707, 795, 0.865599, 0.909274],
  ];
  for (const [hits, n, low, high] of cases) {
    it(`of ${hits} in ${n}`, () => {
      const interval = wilson(hits / n, n);
      expect(interval[0]).to.be.closeTo(low, 1e-6);
      expect(interval[1]).to.be.closeTo(high, 1e-6);
    });
  }

  it('holds the share, stays within 0 and 1, and narrows with more', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (part, n) => {
        const share = Math.min(part, n) / n;
        const [low, high] = wilson(share, n);
        expect(low).to.be.within(0, share);
        expect(high).to.be.within(share, 1);
        const [lower, higher] = wilson(share, 4 * n);
        expect(higher - lower).to.be.below(high - low);
      }),
    );
  });
});
