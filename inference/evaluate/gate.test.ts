import { StepError } from '@shelfwise/trainer-contract/messages';
import { expect } from 'chai';
import { gateNumbers } from './gate.ts';

describe('the numbers that evaluate reads of a gate', () => {
  const usual = { minima: [], minimumSupport: 1, confidence: 0.95 };
  const cases: [name: string, gate: unknown, numbers: object][] = [
    ['no gate', null, usual],
    ['an empty one', {}, usual],
    ['what is no object', 'x', usual],
    [
      'all of them',
      {
        metrics: [{ name: 'accuracy', minimum: '0.76' }],
        perClass: { minimumRecall: '0.3', minimumSupport: 20 },
        champion: { maximumRegression: '0.005', confidence: '0.9' },
        approval: 'Manual',
      },
      { minima: [{ name: 'accuracy', minimum: '0.76' }], minimumSupport: 20, confidence: 0.9 },
    ],
    ['a champion without a confidence', { champion: { maximumRegression: '0' } }, usual],
    ['a confidence as a number', { champion: { confidence: 0.9 } }, { ...usual, confidence: 0.9 }],
    [
      'a champion that is no object, which takes nothing from the rest',
      { champion: 'x', perClass: { minimumSupport: 20 } },
      { ...usual, minimumSupport: 20 },
    ],
    ['a support below 1', { perClass: { minimumSupport: 0 } }, usual],
  ];
  for (const [name, gate, numbers] of cases) {
    it(`come from ${name}`, () => {
      expect(gateNumbers(gate as Parameters<typeof gateNumbers>[0])).to.deep.equal(numbers);
    });
  }

  for (const confidence of ['0.4', '1', '', 'high', '-1', 1.5, true, ['0.9']]) {
    it(`refuse the confidence ${JSON.stringify(confidence)}`, () => {
      expect(() => gateNumbers({ champion: { confidence } }))
        .to.throw(StepError, 'champion.confidence of --gate')
        .with.property('reason', 'BadConfiguration');
    });
  }
});
