import { expect } from 'chai';
import { unitsOf, without } from './words.ts';

const units = (designation: string | null, description: string | null = null) =>
  unitsOf({ designation, description }).map(({ text }) => text);

describe('the words of an explanation', () => {
  const cases: { name: string; given: [string | null, string?]; units: string[] }[] = [
    { name: 'nothing', given: [null], units: [] },
    { name: 'a text without words', given: ['— !'], units: [] },
    {
      name: 'words, once each',
      given: ['Red spade', 'a red one'],
      units: ['Red', 'spade', 'a', 'one'],
    },
    { name: 'entities as letters', given: ['caf&eacute; noir'], units: ['caf&eacute;', 'noir'] },
    { name: 'no tags', given: ['<b class="x">big</b> bag'], units: ['big', 'bag'] },
    { name: 'joined words', given: ["l'eau T-shirt 2.5"], units: ["l'eau", 'T-shirt', '2.5'] },
    { name: 'combining marks', given: ['cafe\u0301'], units: ['cafe\u0301'] },
    { name: 'unpaired surrogates and NUL', given: ['a\ud800b \0'], units: ['a', 'b'] },
  ];
  for (const { name, given, units: expected } of cases) {
    it(`are right: ${name}`, () => expect(units(...given)).to.deep.equal(expected));
  }

  it('are runs where there are too many, and cover all that is read', () => {
    const text = Array.from({ length: 5_000 }, (_, i) => `w${i}`).join(' ');
    const all = units(null, text);
    expect(all.length).to.be.within(24, 48);
    expect(all.join(' ')).to.equal(text.slice(0, 32_768).replace(/\s$/, ''));
    expect(units(null, 'spade '.repeat(5_000))).to.deep.equal(['spade']);
  });

  it('are left out wherever they stand, and nothing else is', () => {
    const texts = { designation: 'Red spade, red', description: 'RED' };
    const [red] = unitsOf(texts);
    expect(red?.at).to.deep.equal([
      { part: 'designation', start: 0, end: 3 },
      { part: 'designation', start: 11, end: 14 },
      { part: 'description', start: 0, end: 3 },
    ]);
    expect(without(red as NonNullable<typeof red>, texts)).to.deep.equal({
      designation: '  spade,  ',
      description: ' ',
    });
  });

  describe('cost little, whatever the text', () => {
    const count = 16_384;
    const word = (i: number) => String.fromCodePoint(0x4e00 + i);
    const words = (of: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => of(i)).join(' ');
    const texts = {
      'one letter': words(() => 'a'),
      'few letters, without a pattern': words((i) => word((i * i) % 47)),
      'all different': words(word),
      'islands among one letter': words((i) => (i % 334 === 0 ? word(i) : 'a')),
      'different ones at the end': words((i) => (i < count / 2 ? 'a' : word(i))),
    };
    for (const [name, description] of Object.entries(texts)) {
      it(name, () => {
        const texts = { designation: null, description };
        const { result, characters } = charactersCut(() => unitsOf(texts));
        // A pass for each length that is tried, of which there are at most thirty.
        expect(characters).to.be.at.most(64 * description.length);
        for (const unit of result) {
          const once = charactersCut(() => without(unit, texts));
          expect(once.characters).to.be.at.most(2 * description.length);
        }
      });
    }
  });
});

/** How many characters `work` cuts out of strings or changes the case of: what it costs, on any machine. */
function charactersCut<T>(work: () => T): { result: T; characters: number } {
  const { slice, toLowerCase } = String.prototype;
  let characters = 0;
  const counted = (text: string) => {
    characters += text.length;
    return text;
  };
  String.prototype.slice = function (from, to) {
    return counted(slice.call(this, from, to));
  };
  String.prototype.toLowerCase = function () {
    return counted(toLowerCase.call(this));
  };
  try {
    return { result: work(), characters };
  } finally {
    Object.assign(String.prototype, { slice, toLowerCase });
  }
}
