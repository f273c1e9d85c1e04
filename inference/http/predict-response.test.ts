import { expect } from 'chai';
import fc from 'fast-check';
import { best } from './predict-response.ts';

describe('the likeliest classes', () => {
  it('are what sorting would give, the first of equals first', () => {
    const probability = fc.constantFrom(0, 0.1, 0.25, 0.5, 1);
    fc.assert(
      fc.property(
        fc.array(probability, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (row, top) => {
          const names = row.map((_, i) => `c${i}`);
          const sorted = names
            .map((name, i) => ({ class: name, probability: row[i] as number }))
            .sort((a, b) => b.probability - a.probability);
          const found = best(Float32Array.from(row), names, top);
          expect(found.map((one) => one.class)).to.deep.equal(
            sorted.slice(0, top).map((one) => one.class),
          );
        },
      ),
    );
  });

  it('have six digits', () => {
    expect(best(Float32Array.of(1 / 3, 2 / 3), ['a', 'b'], 1)).to.deep.equal([
      { class: 'b', probability: 0.666667 },
    ]);
  });
});
