import { expect } from 'chai';
import { decodeText, encodeText } from './text-file.ts';
import { textFeatures } from './text-input.ts';
import { countWords, type SequencePreprocessing, sequenceText } from './text-sequence.ts';

describe('text as a sequence', () => {
  const settings: SequencePreprocessing = { kind: 'sequence', buckets: 1024, maximumTokens: 4 };
  const ids = (designation: string | null, description: string | null = null) => [
    ...sequenceText(designation, description, settings).ids,
  ];

  it('has its padding in front, with weight 0', () => {
    const { ids: found, weights, present } = sequenceText('red shoe', null, settings);
    expect([...found.subarray(0, 2)]).to.deep.equal([1024, 1024]);
    expect([...weights]).to.deep.equal([0, 0, 1, 1]);
    expect(present).to.equal(true);
  });

  it('keeps the order of words, designation first, and the first of too many', () => {
    const [red, shoe] = ids('red shoe').slice(2);
    expect(ids('red', 'shoe')).to.deep.equal(ids('red shoe'));
    expect(ids('shoe', 'red').slice(2)).to.deep.equal([shoe, red]);
    expect(ids('red shoe red shoe tea')).to.deep.equal([red, shoe, red, shoe]);
  });

  it('takes words apart as the n-grams do: entities, marks and case are no difference', () => {
    expect(ids('CAF&Eacute; ol&eacute;')).to.deep.equal(ids('cafe ole'));
  });

  for (const nothing of [null, '', ' \0 …!', '\ud800'])
    it(`is absent where there is no word: ${JSON.stringify(nothing)}`, () => {
      const { present, weights } = textFeatures(nothing, null, settings);
      expect(present).to.equal(false);
      expect([...weights]).to.deep.equal([0, 0, 0, 0]);
    });

  it('counts words', () => {
    expect(countWords('a red shoe', 'of leather, size 43')).to.equal(7);
  });

  it('survives its file', () => {
    expect(decodeText(JSON.parse(JSON.stringify(encodeText(settings))))).to.deep.equal(settings);
  });

  // A change here makes every model that was trained before answer nonsense.
  it('hashes as it always has', () => {
    expect(ids('red shoe blue cup')).to.deep.equal([734, 941, 596, 216]);
  });
});
