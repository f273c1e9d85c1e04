import { expect } from 'chai';
import { count } from './count.ts';

describe('a count of a command line', () => {
  it('is a whole number above 0', () => {
    expect(count('--rounds', '1')).to.equal(1);
    expect(count('--rounds', '85000')).to.equal(85_000);
  });

  for (const value of ['0', '-1', '1.5', '', 'many', 'Infinity'])
    it(`is never ${JSON.stringify(value)}, and says which option has it`, () => {
      expect(() => count('--rounds', value)).to.throw(
        `--rounds is ${value}: give a whole number above 0.`,
      );
    });
});
