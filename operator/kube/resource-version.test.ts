import { expect } from 'chai';
import fc from 'fast-check';
import { isOlder } from './resource-version.ts';

describe('resourceVersion', () => {
  it('is compared as the number it is, of any length', () =>
    fc.assert(
      fc.property(fc.bigInt({ min: 1n }), fc.bigInt({ min: 1n }), (a, b) => {
        expect(isOlder(String(a), String(b))).to.equal(a < b);
      }),
    ));

  it('is not older when it is no number', () => {
    for (const word of ['', '0', '007', 'v12', '-3', '1e3'])
      for (const [a, b] of [
        [word, '99'],
        ['99', word],
      ] as const)
        expect(isOlder(a, b), `${a} < ${b}`).to.equal(false);
  });
});
