import { expect } from 'chai';
import { intervals } from './interval.ts';
import { measure, type Scored } from './metrics.ts';

/** Each product as the index of its class and of what is said of it. */
function scoredOf(classes: number, pairs: [truth: number, said: number][]): Scored {
  const probabilities = new Float32Array(pairs.length * classes);
  pairs.forEach(([, said], row) => {
    probabilities[row * classes + said] = 1;
  });
  return { classes, probabilities, labels: Int32Array.from(pairs, ([truth]) => truth) };
}

describe('intervals', () => {
  const some = Array.from({ length: 120 }, (_, i): [number, number] => [
    i % 3,
    i % 5 === 0 ? (i + 1) % 3 : i % 3,
  ]);

  it('hold what was measured, and are the same every time', () => {
    const scored = scoredOf(3, some);
    const { accuracy, macroF1 } = measure(scored);
    const found = intervals(scored);
    expect(accuracy).to.be.within(...found.accuracy);
    expect(macroF1).to.be.within(...found.macroF1);
    expect(found.macroF1[1] - found.macroF1[0]).to.be.within(0.05, 0.25);
    expect(intervals(scored)).to.deep.equal(found);
  });

  it('of more products are narrower', () => {
    const width = ([low, high]: [number, number]) => high - low;
    const [few, many] = [
      intervals(scoredOf(3, some)),
      intervals(scoredOf(3, [...some, ...some, ...some, ...some])),
    ];
    expect(width(many.accuracy)).to.be.below(width(few.accuracy));
    expect(width(many.macroF1)).to.be.below(width(few.macroF1));
  });

  it('of no product say nothing', () => {
    expect(intervals(scoredOf(3, []))).to.deep.equal({ accuracy: [0, 1], macroF1: [0, 1] });
  });
});
