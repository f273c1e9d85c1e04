import { canonicalJson, hexOf, sampleKey, sha256Of } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import fc from 'fast-check';
import { membersJson } from './members.ts';
import { pictureProbe } from './probe.ts';
import type { Product, Side } from './product.ts';
import { createProductList, keyBytes } from './product-list.ts';

const side = fc.constantFrom<Side>('train', 'holdout');
const count = fc.nat(2 ** 32 - 2);
const offset = fc.nat(2 ** 40);
const anyProduct: fc.Arbitrary<Product> = fc.record({
  row: count,
  key: fc.nat().map((n) => sampleKey(`${n}`)),
  class: fc.string({ minLength: 1 }).map((name) => name.toWellFormed()),
  wanted: fc.option(side),
  namesPicture: fc.boolean(),
  text: fc.record({
    offset,
    size: count,
    digest: fc.nat().map((n) => sampleKey(`text ${n}`)),
    language: fc.option(fc.constantFrom('fr', 'de', 'en')),
    designation: count,
    description: fc.option(count),
    damaged: fc.boolean(),
  }),
  picture: fc.option(
    fc.record({
      offset,
      size: count,
      digest: fc.nat(5).map((n) => hexOf(sha256Of(`${n}`))),
      format: fc.constantFrom('jpeg', 'png', 'webp'),
      width: count,
      height: count,
    }),
  ),
  group: count,
  side,
});

const listOf = (products: Product[]) => {
  const list = createProductList();
  for (const product of products) list.add(product);
  return list;
};

describe('a list of products', () => {
  it('gives back each as it was', () => {
    fc.assert(
      fc.property(fc.array(anyProduct), (products) => {
        const list = listOf(products);
        expect([...list]).to.deep.equal(products);
        expect(products.map((_, i) => list.at(i))).to.deep.equal(products);
      }),
    );
  });

  it('can be changed, sorted and picked from, beyond a page of it', () => {
    const [first] = fc.sample(anyProduct, { numRuns: 1, seed: 1 }) as [Product];
    const products = Array.from({ length: 5000 }, (_, row) => ({
      ...{ ...first, row, key: sampleKey(`${row}`) },
    }));
    const list = listOf(products);
    list.set(3000, { ...list.at(3000), class: 'other', picture: null });
    const sorted = list.pick(list.orderedBy(...keyBytes));
    const expected = products
      .map((one) => (one.row === 3000 ? { ...one, class: 'other', picture: null } : one))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    expect([...sorted]).to.deep.equal(expected);
    expect(() => list.at(5000)).to.throw('There is no 5000 in a list of 5000.');
  });

  it('is written as members.json is: canonical, and each picture once', async () => {
    const classes = [{ class: 'a' }, { class: 'b' }];
    const any = anyProduct.map((one) => ({ ...one, class: one.row % 2 ? 'a' : 'b' }));
    await fc.assert(
      fc.asyncProperty(fc.array(any), async (products) => {
        const on = (name: Side) => products.filter((one) => one.side === name);
        const numbers = (name: Side) => on(name).map((one) => (one.class === 'a' ? 0 : 1));
        const keys = (name: Side) => on(name).map(({ key }) => key);
        const pictures = new Set(products.flatMap(({ picture }) => picture?.digest ?? []));
        const expected = {
          schemaVersion: 1,
          train: keys('train'),
          holdout: keys('holdout'),
          classes: { train: numbers('train'), holdout: numbers('holdout') },
          pictures: { probe: pictureProbe, verified: [...pictures].sort() },
        };
        const pieces = await Array.fromAsync(membersJson(listOf(products), classes));
        expect(Buffer.concat(pieces).toString()).to.equal(canonicalJson(expected));
      }),
    );
  });
});
