import { expect } from 'chai';
import { among } from './among.ts';

describe('names of a command line', () => {
  const known = ['rest', 'burst', 'outage'];

  it('are in the order in which they were given', () => {
    expect(among('--only', known, 'outage,rest')).to.deep.equal(['outage', 'rest']);
  });

  for (const list of ['', 'rest,', 'Rest', 'rest,none', 'toString'])
    it(`are known ones: "${list}" says which are, and which option has it`, () => {
      const unknown = list.split(',').at(-1);
      expect(() => among('--only', known, list)).to.throw(
        `--only has "${unknown}": give some of rest,burst,outage.`,
      );
    });
});
