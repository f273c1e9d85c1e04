import { expect } from 'chai';
import { cutNormalMean } from './normal.ts';

/** By summing up over a fine grid. */
function summed(mean: number, deviation: number, low: number, high: number): number {
  let [sum, weight] = [0, 0];
  for (let z = -9; z <= 9; z += 1e-3) {
    const density = Math.exp((-z * z) / 2);
    sum += density * Math.min(Math.max(mean + deviation * z, low), high);
    weight += density;
  }
  return sum / weight;
}

describe('the mean of a normal distribution that is cut off', () => {
  for (const [mean, deviation] of [
    [0, 1],
    [-2, 1.5],
    [3, 4],
    [8, 0.5],
    [-40, 2],
  ] as const)
    it(`is right for mean ${mean} and deviation ${deviation}`, () => {
      const expected = summed(mean, deviation, 0, 6);
      expect(cutNormalMean(mean, deviation, 0, 6)).to.be.closeTo(expected, 1e-5);
    });

  it('is the value itself, cut off, where nothing varies', () => {
    expect([-1, 2, 7].map((mean) => cutNormalMean(mean, 0, 0, 6))).to.deep.equal([0, 2, 6]);
  });
});
