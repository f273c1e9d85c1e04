import { expect } from 'chai';
import { createRandom } from '../fit/random.ts';
import { fitTemperature, toProbabilities } from './calibration.ts';

/** Margins whose labels are drawn from softmax(margin / temperature): the temperature is known. */
function drawn(temperature: number, rows: number) {
  const random = createRandom(5);
  const classes = 4;
  const values = Float32Array.from({ length: rows * classes }, () => random() * 4 - 2);
  const blank = { classes, values, labels: new Int32Array(rows) };
  const probabilities = toProbabilities(blank, temperature);
  blank.labels.forEach((_, row) => {
    let rest = random();
    let label = 0;
    while (label < classes - 1 && rest > (probabilities[row * classes + label] as number)) {
      rest -= probabilities[row * classes + label] as number;
      label += 1;
    }
    blank.labels[row] = label;
  });
  return blank;
}

describe('calibration', () => {
  for (const temperature of [0.2, 1, 3])
    it(`finds the temperature ${temperature} that the labels were drawn with`, () => {
      expect(fitTemperature(drawn(temperature, 5000)) / temperature).to.be.within(0.85, 1.15);
    });

  it('falls back to the usual temperature where there are too few products', () => {
    expect(fitTemperature(drawn(1, 5))).to.equal(0.3);
  });

  for (const [rows, least, most] of [
    [12, 0.85, 0.97],
    [1000, 0.99, 0.9999],
  ] as const)
    it(`is as sure as ${rows} products that are all right allow`, () => {
      const values = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 0.9 : -0.9));
      const margins = { classes: 2, values, labels: new Int32Array(rows) };
      const [sure] = toProbabilities(margins, fitTemperature(margins));
      expect(sure).to.be.within(least, most);
    });

  it('makes rows that sum to 1, also of huge margins', () => {
    const values = Float32Array.of(1e30, -1e30, 0, 1, 2, 3);
    const rows = toProbabilities({ classes: 3, values, labels: Int32Array.of(0, 0) }, 0.01);
    expect([...rows.subarray(0, 3)]).to.deep.equal([1, 0, 0]);
    expect(rows.subarray(3).reduce((a, b) => a + b)).to.be.closeTo(1, 1e-6);
  });
});
