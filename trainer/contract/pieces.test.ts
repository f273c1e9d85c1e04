import { expect } from 'chai';
import fc from 'fast-check';
import { piecesOf, type SentencePieces } from './pieces.ts';

const pieces = [
  '<unk>',
  '<s>',
  '</s>',
  '▁',
  '▁te',
  '▁tea',
  'a',
  'cup',
  '▁cup',
  'é',
  's',
  '猫',
  'pot',
];
const scores = [0, 0, 0, -4, -3, -5, -3, -6, -5, -7, -2, -8, -5];
const vocabulary: SentencePieces = { pieces, scores, length: 8 };
const read = (designation: string | null, description: string | null = null, length = 8) =>
  piecesOf(designation, description, { ...vocabulary, length }).map((id) => pieces[id]);

describe('pieces of a text', () => {
  const cases: [string, string | null, string | null, string[]][] = [
    ['are the likeliest, not the longest', 'tea', null, ['▁tea']],
    ['of words apart begin with a space', 'tea cup', null, ['▁tea', '▁cup']],
    ['go on within a word', 'teacups', null, ['▁tea', 'cup', 's']],
    ['are those of the designation, then of the description', 'cup', 'tea', ['▁cup', '▁tea']],
    ['see white space of any kind as one space', ' cup \n\t\u00a0tea', null, ['▁cup', '▁tea']],
    ['see no HTML', 'cup<br />tea &eacute;', null, ['▁cup', '▁tea', '▁', 'é']],
    ['see compatibility forms as what they stand for', 'ｃｕｐ', null, ['▁cup']],
    ['stand for what is unknown one by one', 'cup猫?!', null, ['▁cup', '猫', '<unk>', '<unk>']],
  ];
  for (const [what, designation, description, expected] of cases)
    it(what, () => {
      expect(read(designation, description)).to.deep.equal(['<s>', ...expected, '</s>']);
    });

  for (const nothing of [null, '', ' \n', '<br>', '\u0000'])
    it(`are none of ${JSON.stringify(nothing)}`, () => {
      expect(read(nothing, nothing)).to.deep.equal([]);
    });

  it('are cut where they are too many, with the end behind them', () => {
    expect(read('tea cup tea cup', null, 4)).to.deep.equal(['<s>', '▁tea', '▁cup', '</s>']);
  });

  it('are there for every text, within bounds, the same each time', () => {
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 300 }), { nil: null });
    fc.assert(
      fc.property(text, text, (designation, description) => {
        const found = piecesOf(designation, description, vocabulary);
        expect(found.length).to.be.within(0, 8);
        expect(found.every((id) => id >= 0 && id < pieces.length)).to.equal(true);
        expect(piecesOf(designation, description, vocabulary)).to.deep.equal(found);
      }),
    );
  });

  it('of a text without an end are read in no time that grows with it', () => {
    expect(read('<'.repeat(1e6), 'a'.repeat(1e6))).to.have.length(8);
  });
});
