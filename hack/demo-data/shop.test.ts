import { readFile } from 'node:fs/promises';
import { decodePicture } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { groupProducts } from '../../trainer/snapshot/groups.ts';
import { textDigest } from '../../trainer/snapshot/text.ts';
import { type ShopProduct, stockShop } from './shop.ts';

describe('the demo shop', () => {
  const whole = stockShop();
  const byCategory = Map.groupBy(whole, ({ category }) => category);

  it('is the same every time', () => expect(stockShop()).to.deep.equal(whole));

  it('has about twenty categories of very different sizes', () => {
    const sizes = [...byCategory.values()].map((own) => own.length).sort((a, b) => a - b);
    expect(sizes.length).to.be.within(18, 27);
    expect(sizes[0]).to.be.within(25, 40);
    expect(sizes.at(-1)).to.be.within(400, 600);
  });

  it('has each product once, with a picture that can be read', async () => {
    expect(new Set(whole.map(({ productId }) => productId)).size).to.equal(whole.length);
    expect(new Set(whole.map(({ picture }) => picture)).size).to.equal(whole.length);
    for (const { picture } of whole.filter((_, i) => i % 97 === 0))
      await decodePicture(await readFile(picture), 64);
  });

  it('makes one group of the skin tones of a pictogram', () => {
    const products = whole.map(({ designation, description }) => ({
      text: { digest: textDigest(designation, description) },
      picture: null,
    }));
    const groups = groupProducts(products);
    const ofCode = Map.groupBy(
      whole.map((product, i) => ({ ...product, group: groups[i] })),
      ({ code }) => code,
    );
    expect([...ofCode.values()].some((own) => own.length > 5)).to.equal(true);
    for (const own of ofCode.values())
      expect(new Set(own.map(({ group }) => group)).size, own[0]?.designation).to.equal(1);
  });

  it('mixes languages, and leaves about a third without description', () => {
    const silent = whole.filter(({ description }) => description === null).length / whole.length;
    expect(silent).to.be.within(0.25, 0.45);
    const words = whole.map(({ designation }) => designation).join(' ');
    for (const word of ['homme', 'woman', 'Frau']) expect(words).to.contain(word);
  });

  it("does not write a category's name into its products", () => {
    for (const [category, own] of byCategory) {
      const words = category
        .split('-')
        .filter((word) => word.length > 3)
        .map((word) => word.replace(/s$/, ''));
      const telling = own.filter(({ designation }) =>
        words.some((word) => designation.toLowerCase().includes(word)),
      );
      expect(telling.length / own.length, category).to.be.below(0.2);
    }
  });

  it('grows without changing what it had, all categories from the beginning', () => {
    const [small, larger] = [stockShop({ size: 300 }), stockShop({ size: 400 })];
    expect(new Set(small.map(({ code }) => code)).size).to.equal(300);
    expect(new Set(larger.map(({ code }) => code)).size).to.equal(400);
    const byId = (products: ShopProduct[]) => new Map(products.map((own) => [own.productId, own]));
    for (const [less, more] of [
      [small, byId(larger)],
      [larger, byId(whole)],
    ] as const) {
      for (const product of less) expect(more.get(product.productId)).to.deep.equal(product);
    }
    expect(new Set(small.map(({ category }) => category)).size).to.equal(byCategory.size);
  });

  it('can have its labels dealt out anew: the same counts, nothing to learn', () => {
    const shuffled = stockShop({ shuffleLabels: '1' });
    const labels = (products: ShopProduct[]) => products.map(({ category }) => category);
    expect(labels(shuffled).sort()).to.deep.equal(labels(whole).sort());
    const same = shuffled.filter(({ category }, i) => category === whole[i]?.category).length;
    expect(same / whole.length).to.be.below(0.15);
    expect(stockShop({ shuffleLabels: '2' })).not.to.deep.equal(shuffled);
    expect(shuffled.map(({ category: _, ...rest }) => rest)).to.deep.equal(
      whole.map(({ category: _, ...rest }) => rest),
    );
  });
});
