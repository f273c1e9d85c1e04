import { expect } from 'chai';
import { layersBytes } from './prune.ts';

describe('the size of the cached layers', () => {
  it('is the sum of those that have one', () => {
    const text = JSON.stringify([
      { id: 'a', 'diff-size': 5 },
      { id: 'b' },
      { id: 'c', 'diff-size': 7 },
    ]);
    expect(layersBytes(text)).to.equal(12);
  });
});
