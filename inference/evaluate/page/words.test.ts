import { expect } from 'chai';
import { confidence, percent, pValue, score, scoreWithFloor, signed } from './words.ts';

describe('words of a page', () => {
  const space = '\u00a0';
  const cases: [said: string, meant: string][] = [
    [score(0.75999), '0.7600'],
    [score(null), '–'],
    [scoreWithFloor(0.75998, '0.76'), '0.75998'],
    [scoreWithFloor(0.75998, '0.7599'), '0.7600'],
    [scoreWithFloor(0.75998, undefined), '0.7600'],
    [scoreWithFloor(null, '0.76'), '–'],
    [signed(-0.01234), '−0.0123'],
    [signed(0.00001), '0.0000'],
    [signed(-0.00001), '0.0000'],
    [pValue(1), '1.0000'],
    [pValue(0.00003), '3e−5'],
    [pValue(0), 'below 1e−300'],
    [percent(1), `100${space}%`],
    [percent(0.999), `over 99${space}%`],
    [percent(0.051), `5.1${space}%`],
    [confidence(0.95), `95${space}%`],
    [confidence(0.975), `97.5${space}%`],
    [confidence(0.999), `99.9${space}%`],
  ];
  for (const [said, meant] of cases) {
    it(`include ${meant}`, () => expect(said).to.equal(meant));
  }
});
