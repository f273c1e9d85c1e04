import { expect } from 'chai';
import { settings } from './settings.ts';

describe('hyperparameters', () => {
  for (const [products, expected] of [
    [1999, { epochs: 25, batchSize: 64, learningRate: 0.02 }],
    [2000, { epochs: 23, batchSize: 128, learningRate: 0.04 }],
    [3000, { epochs: 15, batchSize: 128, learningRate: 0.04 }],
    [4480, { epochs: 10, batchSize: 128, learningRate: 0.04 }],
    [85_000, { epochs: 10, batchSize: 128, learningRate: 0.04 }],
  ] as const)
    it(`follow from the number of products: ${products}`, () => {
      expect(settings({}, products)).to.include(expected);
    });

  it('are what a person chose', () => {
    const choices = { epochs: 3, batchSize: 5, learningRate: 0.5, seed: 9, imageSize: 96 };
    expect(settings(choices, 5000)).to.include(choices);
  });
});
