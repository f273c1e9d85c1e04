import { expect } from 'chai';
import fc from 'fast-check';
import { createAlike } from './alike.ts';

type Product = [designation: string, description: string | null, picture: string | null];

/** The products' rows by group. */
function groupsOf(products: Product[]): number[][] {
  const alike = createAlike(products.length);
  products.forEach(([designation, description, picture], row) => {
    alike.add(
      { designation, description, picture: picture === null ? null : Buffer.from(picture) },
      row,
    );
  });
  const groups = alike.groups();
  return [...Map.groupBy(groups.keys(), (row) => groups[row]).values()];
}

describe('products that are alike', () => {
  const cases: [name: string, products: Product[], groups: number[][]][] = [
    ['none', [], []],
    [
      'different ones',
      [
        ['a', null, '1'],
        ['b', null, '2'],
      ],
      [[0], [1]],
    ],
    [
      'the same text but for spaces',
      [
        ['a  b', ' c', null],
        ['a b', 'c', '2'],
      ],
      [[0, 1]],
    ],
    [
      'the same picture',
      [
        ['a', null, '1'],
        ['b', null, '1'],
      ],
      [[0, 1]],
    ],
    [
      'a chain of both',
      [
        ['a', null, '1'],
        ['c', null, '2'],
        ['b', null, '1'],
        ['b', null, '3'],
      ],
      [[0, 2, 3], [1]],
    ],
    [
      'no text at all, which is nothing in common',
      [
        ['', null, '1'],
        [' ', null, '2'],
      ],
      [[0], [1]],
    ],
    [
      'a text that is the bytes of another’s picture',
      [
        ['x', null, null],
        ['y', null, 'x'],
      ],
      [[0], [1]],
    ],
  ];
  for (const [name, products, groups] of cases) {
    it(`are found among ${name}`, () => {
      expect(groupsOf(products)).to.deep.equal(groups);
    });
  }

  it('are the same groups in any order', () => {
    const product = fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', ''),
      fc.constant(null),
      fc.constantFrom('1', '2', '3', '4', null),
    );
    fc.assert(
      fc.property(fc.array(product, { maxLength: 20 }), (products) => {
        const last = products.length - 1;
        const reversed = groupsOf(products.toReversed()).map((rows) =>
          rows.map((row) => last - row).sort((a, b) => a - b),
        );
        expect(reversed).to.have.deep.members(groupsOf(products));
      }),
    );
  });
});
