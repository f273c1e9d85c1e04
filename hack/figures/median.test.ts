import { expect } from 'chai';
import { median } from './median.ts';

describe('a median', () => {
  it('says nothing of one disturbed round', () => {
    expect(median([3, 1, 200])).to.equal(3);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
    expect(() => median([])).to.throw(/nothing/);
  });
});
