import { expect } from 'chai';
import fc from 'fast-check';
import {
  featuriseText,
  fitText,
  type TextFeatures,
  type TextSettings,
  textDefaults,
} from './text.ts';
import { decodeText, encodeText } from './text-file.ts';
import { maximumCharacters, normaliseText } from './text-normalise.ts';
import { countTokens, forget } from './text-tokens.ts';

const settings: TextSettings = {
  ...textDefaults,
  wordNgrams: [1, 2],
  charNgrams: [2, 5],
  maximumTokens: 256,
};
const corpus = [
  { designation: 'Robe rouge à pois', description: 'Coton, <br/> 100 %' },
  { designation: 'Robe bleue', description: null },
  { designation: 'Aquarium 60 l', description: 'Pompe &amp; lampe' },
];
const everySeen = { ...settings, idf: new Float32Array(settings.buckets * 2).fill(1) };

/** Hostile and ordinary text alike. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 })
    .map((u) => String.fromCharCode(...u)),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '\udc00\ud800',
    '\u202eabc',
    '&#0;&#xD800;&eacute',
    'ﷺ'.repeat(50),
  ),
);

describe('normaliseText', () => {
  const cases: [string, string, string][] = [
    ['HTML entities', 'Caf&eacute; &amp; th&#233; &lt;b&gt;', 'cafe & the <b>'],
    ['an entity written twice is undone once', '&amp;eacute;', '&eacute;'],
    ['marks', 'Ça ÉTÉ Ångström', 'ca ete angstrom'],
    ['compatibility forms', 'ﬁn ½ ＡＢＣ', 'fin 1⁄2 abc'],
    ['a decomposed letter equals the composed one', 'e\u0301', 'e'],
    ['right to left', 'שָׁלוֹם', 'שלום'],
    ['an unpaired surrogate stays', 'a\ud800b', 'a\ud800b'],
    ['NUL stays', 'a\0b', 'a\0b'],
  ];
  for (const [name, given, wanted] of cases) {
    it(name, () => expect(normaliseText(given)).to.equal(wanted));
  }

  it('keeps marks where they are wanted, composed', () => {
    expect(normaliseText('Ça E\u0301TÉ ﬁn', 'kept')).to.equal('ça été fin');
    expect(normaliseText('naïve', 'kept')).to.not.equal(normaliseText('naive', 'kept'));
  });

  it('reads a bounded part of a text of 1 MB', () => {
    expect(normaliseText('x'.repeat(1e6))).to.have.length(maximumCharacters);
    expect(normaliseText('ﷺ'.repeat(1e6))).to.have.length(maximumCharacters);
  });
});

describe('countTokens', () => {
  function counted(text: string, over: Partial<typeof settings> = {}) {
    const tokens = countTokens(text, { ...settings, ...over });
    const found = Array.from(tokens.touched.subarray(0, tokens.size), (id) => [
      id,
      tokens.counts[id],
    ]);
    forget(tokens);
    return found;
  }

  // Computed by another implementation: a change here makes every published model wrong.
  it('gives the ids that models were trained with', () => {
    expect(counted('red red dog', { charNgrams: [5, 5] })).to.deep.equal([
      [31454, 2],
      [25718, 1],
      [20515, 1],
      [17831, 1],
      [47563, 2],
      [35308, 1],
    ]);
    expect(counted('b b', { charNgrams: [2, 3] })).to.deep.equal([
      [65166, 2],
      [52487, 2],
      [50008, 2],
    ]);
  });

  it('counts words of two letters and more, and pairs of them', () => {
    // red, dog, red dog: single letters and punctuation are no words.
    const words = counted('red, a dog!', { charNgrams: [8, 8] }).filter(
      ([id]) => Number(id) < settings.buckets,
    );
    expect(words).to.have.length(3);
  });

  it('counts character n-grams within a word, with its spaces', () => {
    // " ab ": 3 bigrams, 2 trigrams, 1 four-gram; no five-gram, and nothing across "ab cd".
    const one = counted('ab').filter(([id]) => Number(id) >= settings.buckets);
    expect(one).to.have.length(6);
    const two = counted('ab cd').filter(([id]) => Number(id) >= settings.buckets);
    expect(two).to.have.length(12);
  });

  it('does not see how much white space there is', () => {
    expect(counted('  red \n\t dog ')).to.deep.equal(counted('red dog'));
  });

  it('leaves nothing behind for the next text', () => {
    const alone = counted('dog');
    counted('a much longer text about something else');
    expect(counted('dog')).to.deep.equal(alone);
  });
});

describe('featuriseText', () => {
  it('never throws, and keeps ids in range, weights finite and the answer the same', () => {
    fc.assert(
      fc.property(fc.option(anyText), fc.option(anyText), (designation, description) => {
        const seen = featuriseText(designation, description, everySeen);
        expect(seen.ids).to.have.length(256);
        expect(seen.weights).to.have.length(256);
        const kept = seen.weights.indexOf(0);
        const end = kept < 0 ? 256 : kept;
        for (let i = 0; i < 256; i++) {
          const [id, weight] = [Number(seen.ids[i]), Number(seen.weights[i])];
          expect(weight).to.be.within(0, 1.000001);
          if (i < end) expect(id).to.be.within(0, 65_535);
          else expect([id, weight]).to.deep.equal([65_536, 0]);
        }
        expect(new Set(seen.ids.slice(0, end)).size).to.equal(end);
        expect(seen.present).to.equal(end > 0);
        expect(featuriseText(designation, description, everySeen)).to.deep.equal(seen);
      }),
    );
  });

  it('keeps the heaviest, of which none is lighter than one left out', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 2, maxLength: 12 });
    const idf = Float32Array.from(everySeen.idf, (_, id) => 1 + ((id * 7919) % 1000) / 250);
    fc.assert(
      fc.property(fc.array(word, { minLength: 30, maxLength: 120 }), (words) => {
        const all = featuriseText(words.join(' '), null, {
          ...everySeen,
          idf,
          maximumTokens: 8192,
        });
        const some = featuriseText(words.join(' '), null, { ...everySeen, idf });
        const sorted = (weights: Float32Array) => weights.slice().sort().reverse();
        expect(sorted(some.weights)).to.deep.equal(sorted(all.weights).slice(0, 256));
      }),
    );
  });

  /** Squared length of the words, or of the characters. */
  const square = ({ ids, weights }: TextFeatures, words: boolean) =>
    weights.reduce((sum, w, i) => sum + (Number(ids[i]) < 32_768 === words ? w * w : 0), 0);
  /** Weights of the words. */
  const words = ({ ids, weights }: TextFeatures) =>
    [...weights.filter((weight, i) => weight > 0 && Number(ids[i]) < 32_768)].sort();

  for (const [description, designationShare] of [
    [null, 0],
    [null, 0.5],
    ['a blue cat', 0.3],
  ] as const)
    it(`gives words and characters the length 1, description ${description}, share ${designationShare}`, () => {
      const seen = featuriseText('red dog', description, { ...everySeen, designationShare });
      expect(square(seen, true)).to.be.closeTo(1, 1e-6);
      expect(square(seen, false)).to.be.closeTo(1, 1e-6);
    });

  it('has the designation in a bag of its own that no description makes lighter', () => {
    // red and dog share the bag of all, and red alone is the other.
    const seen = featuriseText('red', 'dog', { ...everySeen, designationShare: 0.3 });
    const [both, alone] = [Math.sqrt(0.7 / 2), Math.sqrt(0.3)].map(Math.fround);
    expect(words(seen)).to.deep.equal([alone, both, both]);
    const one = featuriseText('red', 'dog', { ...everySeen, designationShare: 0 });
    expect(words(one)).to.deep.equal([0.5, 0.5].map((share) => Math.fround(Math.sqrt(share))));
  });

  it('has no pair of words from designation and description', () => {
    const text = { ...everySeen, designationShare: 0 };
    expect(words(featuriseText('red', 'dog', text))).to.have.length(2);
    expect(words(featuriseText('red dog', null, text))).to.have.length(3);
  });

  it('does not lose what a hostile text has too much of', () => {
    const wide = { ...everySeen, buckets: 1, idf: new Float32Array(2).fill(1) };
    const { ids, weights } = featuriseText('a'.repeat(30_000), 'a'.repeat(30_000), wide);
    expect([...ids.subarray(0, 2)].sort()).to.deep.equal([0, 1]);
    expect(weights[0]).to.be.above(0);
  });

  it('says that there is no text where no token was seen in train', () => {
    const text = fitText(corpus);
    expect(featuriseText('ξω', null, text).present).to.equal(false);
    expect(featuriseText(null, null, text).present).to.equal(false);
    expect(featuriseText('robe', null, text).present).to.equal(true);
  });
});

describe('fitText', () => {
  it('weighs what is rare above what is common, and the unseen not at all', () => {
    const text = fitText(corpus);
    const idf = (word: string) => {
      const tokens = countTokens(word, settings);
      const id = Number(tokens.touched[0]);
      forget(tokens);
      return text.idf[id];
    };
    expect(idf('robe')).to.be.closeTo(Math.log(4 / 3) + 1, 1e-6);
    expect(idf('aquarium')).to.be.closeTo(Math.log(4 / 2) + 1, 1e-6);
    expect(idf('bicyclette')).to.equal(0);
  });

  it('keeps as many tokens as most texts have, within bounds', () => {
    expect(fitText(corpus).maximumTokens).to.equal(160);
    expect(fitText([{ designation: 'ab', description: null }]).maximumTokens).to.equal(64);
    const long = {
      designation: 'ab',
      description: Array.from({ length: 999 }, (_, i) => `w${i}`).join(' '),
    };
    expect(fitText([long]).maximumTokens).to.equal(512);
    expect(fitText(corpus, { maximumTokens: 7 }).maximumTokens).to.equal(7);
  });

  it('survives its file', () => {
    const text = fitText(corpus, { marks: 'kept', designationShare: 0.25 });
    expect(decodeText(encodeText(text))).to.deep.equal(text);
  });

  it('refuses a file whose idf is too short or no number', () => {
    const file = encodeText(fitText(corpus));
    expect(() => decodeText({ ...file, idf: file.idf.slice(0, 400) })).to.throw(
      /text\.idf holds 300 bytes/,
    );
    const bytes = Buffer.from(file.idf, 'base64');
    bytes.writeFloatLE(Number.NaN, 40);
    expect(() => decodeText({ ...file, idf: bytes.toString('base64') })).to.throw(
      /text\.idf\[10\] is NaN/,
    );
  });
});
