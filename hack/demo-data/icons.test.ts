import { decodePicture, pictureFormat } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { drawIcon, type IconProduct, stockIcons } from './icons.ts';

describe('the demo icons', () => {
  const whole = stockIcons();
  const byCategory = Map.groupBy(whole, ({ category }) => category);

  it('are the same every time', () => expect(stockIcons()).to.deep.equal(whole));

  it('are of about twenty categories, each with 60 icons at least', () => {
    expect(byCategory.size).to.be.within(20, 25);
    const sizes = [...byCategory.values()].map((own) => own.length).sort((a, b) => a - b);
    expect(sizes[0]).to.be.at.least(60);
    expect(sizes.at(-1)).to.be.within(300, 500);
  });

  it('have names that a folder and a label may have, whatever the collection calls a category', () => {
    expect([...byCategory.keys()]).to.include.members(['alpha-numeric', 'arrow', 'banking']);
    for (const category of byCategory.keys()) expect(category).to.match(/^[a-z]+(-[a-z]+)*$/);
  });

  it('are each there once: an icon of two categories is of none', () => {
    expect(new Set(whole.map(({ code }) => code)).size).to.equal(whole.length);
    expect(new Set(whole.map(({ productId }) => productId)).size).to.equal(whole.length);
  });

  for (const { unnamed, name, description } of [
    {
      unnamed: false,
      name: 'account arrow left',
      description: 'person arrow left, user arrow left',
    },
    { unnamed: true, name: 'arrow left', description: 'person arrow left, arrow left' },
  ])
    it(`say their names and aliases as words${unnamed ? ', but for those that say the category' : ''}`, () => {
      const icons = stockIcons({ unnamed });
      const text = (icon: string) => {
        const { designation, description } = icons.find(({ code }) => code === icon) as IconProduct;
        return [designation, description];
      };
      expect(text('account-arrow-left')).to.deep.equal([name, description]);
      expect(text('abjad-arabic')).to.deep.equal(['abjad arabic', 'writing system arabic']);
      expect(text('abacus')).to.deep.equal(['abacus', null]);
    });

  it('have no word that more than half of a category bears, where that is asked for', () => {
    const unnamed = Map.groupBy(stockIcons({ unnamed: true }), ({ category }) => category);
    for (const [category, own] of unnamed) {
      const words = own.flatMap(({ designation, description }) => [
        ...new Set(`${designation} ${description ?? ''}`.split(/[ ,]+/).filter(Boolean)),
      ]);
      for (const [word, found] of Map.groupBy(words, (each) => each))
        expect(found.length / own.length, `${word} in ${category}`).to.be.at.most(0.5);
    }
  });

  it('are drawn black on white, the same every time', async () => {
    for (const icon of whole.filter((_, i) => i % 211 === 0)) {
      const bytes = await drawIcon(icon);
      expect(pictureFormat(bytes)).to.equal('png');
      expect((await drawIcon(icon)).equals(bytes), icon.code).to.equal(true);
      const values = await decodePicture(bytes, 128);
      expect([Math.min(...values), Math.max(...values)], icon.code).to.deep.equal([0, 255]);
    }
  });

  it('grow without changing what they had, all categories from the beginning', () => {
    const [small, larger] = [stockIcons({ size: 100 }), stockIcons({ size: 200 })];
    const byId = (icons: IconProduct[]) => new Map(icons.map((own) => [own.productId, own]));
    expect([small.length, larger.length]).to.deep.equal([100, 200]);
    for (const icon of small) expect(byId(larger).get(icon.productId)).to.deep.equal(icon);
    expect(new Set(small.map(({ category }) => category)).size).to.equal(byCategory.size);
  });
});
