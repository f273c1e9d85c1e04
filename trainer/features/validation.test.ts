import type { Sample } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { createValidation } from './validation.ts';

const sample = (id: number, designation: string): Sample => ({
  id: `${id}`,
  designation,
  description: null,
  class: 'a',
  picture: null,
});

function chosen(products: [text: string, picture?: string][]): number[] {
  const validation = createValidation();
  products.forEach(([text, picture], id) => {
    validation.add(sample(id, text), picture);
  });
  return [...validation.choose()];
}

describe('products that are held back to judge', () => {
  const many = (of: (i: number) => [string, string?], count = 2000) =>
    Array.from({ length: count }, (_, i) => of(i));
  const sum = (flags: number[]) => flags.reduce((total, flag) => total + flag, 0);

  it('are a tenth', () => {
    expect(sum(chosen(many((i) => [`product ${i}`])))).to.be.within(150, 250);
  });

  const together: [string, (i: number) => [string, string?]][] = [
    ['a text', (i) => [`product ${i % 500}`]],
    ['a text but for its case', (i) => [(i < 1000 ? 'PRODUCT ' : 'product ') + (i % 500)]],
    ['a picture', (i) => [`product ${i}`, `picture ${i % 500}`]],
    [
      'a text with one and a picture with another',
      (i) => [`product ${i - (i % 2)}`, `${(i + 1) - ((i + 1) % 2) + (i % 4 > 1 ? 5000 : 0)}`],
    ],
  ];
  for (const [what, of] of together)
    it(`are on one side with those that share ${what}`, () => {
      const products = many(of);
      const flags = chosen(products);
      const sides = new Map<string, number>();
      products.forEach(([text, picture], i) => {
        for (const sign of [`t ${text.toLowerCase()}`, ...(picture ? [`p ${picture}`] : [])]) {
          expect(sides.get(sign) ?? flags[i], sign).to.equal(flags[i]);
          sides.set(sign, flags[i] as number);
        }
      });
      expect(sum(flags)).to.be.within(100, 320);
    });

  it('are no more of them where groups are large', () => {
    expect(sum(chosen(many((i) => [`product ${i}`, `${i % 200}`])))).to.be.within(80, 360);
  });

  it('stay where they are when other products come', () => {
    const flags = chosen(many((i) => [`product ${i}`]));
    const more = chosen(many((i) => [`product ${i}`], 3000));
    expect(more.slice(0, 2000)).to.deep.equal(flags);
  });

  it('leave some to learn from where all are alike', () => {
    expect(sum(chosen(many(() => ['the same'], 40)))).to.equal(4);
  });

  it('are at least one', () => {
    expect(sum(chosen([['a'], ['b'], ['c']]))).to.be.above(0);
  });
});
