import { expect } from 'chai';
import fc from 'fast-check';
import { readReference } from '../fixtures/reference/scores.ts';
import { mcnemarExact } from './mcnemar.ts';

describe("McNemar's exact test", () => {
  it("agrees with scipy's binomial test, for none and for 100,000 discordant products", async () => {
    const { mcnemar } = await readReference();
    for (const [one, other, p] of mcnemar)
      expect(mcnemarExact(one, other), `${one}, ${other}`).to.be.closeTo(p, 1e-8 * p);
  });

  it('is symmetric, a probability, 1 for an even split, and falls as a split grows more uneven', () => {
    const count = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(count, count, (one, other) => {
        const p = mcnemarExact(one, other);
        expect(p).to.be.within(0, 1);
        expect(mcnemarExact(other, one)).to.equal(p);
        expect(mcnemarExact(one, one)).to.equal(1);
        const [fewer, more] = [Math.min(one, other), Math.max(one, other)];
        if (fewer > 0) expect(mcnemarExact(fewer - 1, more + 1)).to.be.at.most(p + 1e-9);
      }),
    );
  });
});
