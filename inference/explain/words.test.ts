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
});
