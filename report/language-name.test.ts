import { expect } from 'chai';
import { languageName } from './index.ts';

describe('the name of a language', () => {
  const cases: [code: string | null, name: string][] = [
    ['fr', 'French'],
    ['xx', 'xx'],
    ['<b>', '<b>'],
    [null, 'cannot be told'],
  ];
  for (const [code, name] of cases)
    it(`of ${code} is ${name}`, () => {
      expect(languageName(code, 'cannot be told')).to.equal(name);
    });
});
