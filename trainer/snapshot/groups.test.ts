import { hexOf, sha256Of } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import fc from 'fast-check';
import { groupProducts } from './groups.ts';
import { textDigest } from './text.ts';

const product = (designation: string, description: string | null = null, digest?: string) => ({
  text: { digest: textDigest(designation, description) },
  picture: digest ? { digest: hexOf(sha256Of(digest)) } : null,
});

describe('groupProducts', () => {
  const cases: [string, ReturnType<typeof product>[], number[]][] = [
    ['different products', [product('a'), product('b')], [0, 1]],
    ['the same text', [product('a', 'b'), product('a', 'b')], [0, 0]],
    [
      'the same text but for accents, case, entities and spaces',
      [product('Été  &amp; cie'), product('ETE &', 'CIE')],
      [0, 0],
    ],
    ['the same name, another description', [product('a', 'b'), product('a', 'c')], [0, 1]],
    ['the same picture', [product('a', null, 'p'), product('b', null, 'p')], [0, 0]],
    ['no picture is no common picture', [product('a'), product('b')], [0, 1]],
    [
      'a chain over text and picture',
      [product('a', null, 'p'), product('b', null, 'q'), product('b', null, 'p')],
      [0, 0, 0],
    ],
    [
      'two chains',
      [product('a', null, 'p'), product('c'), product('b', null, 'p'), product('c')],
      [0, 1, 0, 1],
    ],
  ];
  for (const [name, products, groups] of cases) {
    it(name, () => {
      expect(groupProducts(products)).to.deep.equal(groups);
    });
  }

  it('is the finest partition that keeps equal pictures and equal texts together', () => {
    const any = fc.record({ text: fc.nat(6), picture: fc.option(fc.nat(6)) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 14 }), (drawn) => {
        const products = drawn.map(({ text, picture }) =>
          product(`t${text}`, null, picture === null ? undefined : `p${picture}`),
        );
        const groups = groupProducts(products);
        // Naively: colours spread until nothing changes.
        const colours = drawn.map((_, i) => i);
        for (let changed = true; changed; ) {
          changed = false;
          for (const [i, a] of drawn.entries()) {
            for (const [j, b] of drawn.entries()) {
              const together = a.text === b.text || (a.picture !== null && a.picture === b.picture);
              if (!together || (colours[i] as number) >= (colours[j] as number)) continue;
              colours[j] = colours[i] as number;
              changed = true;
            }
          }
        }
        const numbers = [...new Set(colours)];
        expect(groups).to.deep.equal(colours.map((colour) => numbers.indexOf(colour)));
      }),
    );
  });
});
