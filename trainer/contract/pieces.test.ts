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
  'extra_token_id_1',
  '\u200d',
];
const scores = [0, 0, 0, -4, -3, -5, -3, -6, -5, -7, -2, -8, -5, 0, -9];
const vocabulary: SentencePieces = { pieces, scores, length: 8 };
const read = (designation: string | null, description: string | null = null, length = 24) =>
  piecesOf(designation, description, { ...vocabulary, length }).map((id) => pieces[id]);

const four: string[] = new Array(4).fill('<unk>');

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
    ['stand for an unknown character beyond 16 bits once', 'cup😀', null, ['▁cup', '<unk>']],
    ['know a joiner from a space', 'cup\u200da', null, ['▁cup', '\u200d', 'a']],
    ['see half a character as a space', 'cup\ud800cup', null, ['▁cup', '▁cup']],
    [
      'of the end can not be written into a text',
      '＜/s＞cup',
      null,
      ['▁', '<unk>', '<unk>', 's', '<unk>', 'cup'],
    ],
    [
      'kept for other uses can not be written into a text',
      'extra_token_id_1 cup',
      null,
      ['▁', ...four, 'a', ...four, ...four, '<unk>', '<unk>', '<unk>', '▁cup'],
    ],
  ];
  for (const [what, designation, description, expected] of cases)
    it(what, () => {
      expect(read(designation, description)).to.deep.equal(['<s>', ...expected, '</s>']);
    });

  for (const space of ['\u1680', '\u200b', '\u200e', '\u200f', '\u2028', '▁', '\ufeff', '\ufffd'])
    it(`see ${JSON.stringify(space)} as a space, as the network does`, () => {
      expect(read(`cup${space}tea`)).to.deep.equal(['<s>', '▁cup', '▁tea', '</s>']);
    });

  const nothings = [null, '', ' \n', '<br>', '\u0000', '\u200b', '&#8203;', '▁', '\ud800', '😀 ?!'];
  for (const nothing of nothings)
    it(`are none of ${JSON.stringify(nothing)}`, () => {
      expect(read(nothing, nothing)).to.deep.equal([]);
    });

  it('are cut where they are too many, with the end behind them', () => {
    expect(read('tea cup tea cup', null, 4)).to.deep.equal(['<s>', '▁tea', '▁cup', '</s>']);
  });

  it('end with a whole character where there are too many', () => {
    expect(read(`${'a'.repeat(399)}😀`, null, 1000)).to.have.length(402);
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
    expect(read(`a${'<'.repeat(1e6)}`, 'a'.repeat(1e6), 8)).to.have.length(8);
  });
});
