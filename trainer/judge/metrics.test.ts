import { expect } from 'chai';
import { measure, measureClasses } from './metrics.ts';

/** Rows of three classes; the expected figures are scikit-learn's for the same labels and guesses. */
const scored = {
  classes: 3,
  labels: Int32Array.of(0, 0, 1, 1, 1, 0),
  probabilities: Float32Array.of(
    ...[0.85, 0.1, 0.05],
    ...[0.2, 0.75, 0.05],
    ...[0.1, 0.85, 0.05],
    ...[0.05, 0.2, 0.75],
    ...[0.0, 1.0, 0.0],
    ...[0.65, 0.2, 0.15],
  ),
};

describe('metrics', () => {
  const metrics = measure(scored);

  for (const [name, value] of Object.entries({
    accuracy: 4 / 6,
    macroF1: (4 / 5 + 2 / 3 + 0) / 3,
    weightedF1: (4 / 5 + 2 / 3) / 2,
    nll: -Math.log(0.85 * 0.2 * 0.85 * 0.2 * 1 * 0.65) / 6,
    // Bins by confidence: 0.65 (one, right), 0.75 (two, wrong), 0.85 (two, right), 1 (one, right).
    calibrationError: (0.35 + 1.5 + 0.3 + 0) / 6,
  }))
    it(`${name} is ${value.toFixed(3)}`, () => {
      expect(metrics[name as keyof typeof metrics]).to.be.closeTo(value, 1e-6);
    });

  it('are given class by class', () => {
    expect(measureClasses(scored, ['a', 'b', 'c'])).to.deep.equal([
      { class: 'a', support: 3, precision: 1, recall: 2 / 3 },
      { class: 'b', support: 3, precision: 2 / 3, recall: 2 / 3 },
      { class: 'c', support: 0, precision: 0, recall: 0 },
    ]);
  });

  it('of nothing are zero', () => {
    const empty = { classes: 2, labels: new Int32Array(), probabilities: new Float32Array() };
    expect(measure(empty).accuracy).to.equal(0);
  });
});
