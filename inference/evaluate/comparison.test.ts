import { expect } from 'chai';
import fc from 'fast-check';
import { readReference } from '../fixtures/reference/scores.ts';
import { type Scripted, scriptedAnswers } from '../fixtures/scripted-answers.ts';
import { compare } from './comparison.ts';

const letters = ['a', 'b', 'c', 'd', 'e'];

/** Candidate and champion over the same products, each as [truth, candidate's word, champion's word]. */
async function compared(
  products: [truth: string, candidate: string, champion: string][],
  {
    labels = letters,
    championLabels = labels,
    confidence = 0.95,
    seed = 'seed',
  }: { labels?: string[]; championLabels?: string[]; confidence?: number; seed?: string } = {},
) {
  const script = (known: string[], word: 1 | 2) =>
    products.map(
      (product): Scripted => ({
        truth: product[0],
        says: known.map((label) => (label === product[word] ? 1 : 0)),
      }),
    );
  const candidate = await scriptedAnswers(labels, script(labels, 1));
  const champion = await scriptedAnswers(championLabels, script(championLabels, 2), candidate);
  return compare(candidate, champion, { classes: candidate.classes, confidence, seed });
}

const product = fc.tuple(
  fc.constantFrom(...letters),
  fc.constantFrom(...letters),
  fc.constantFrom(...letters),
);
const products = fc.array(product, { minLength: 1, maxLength: 40 });

describe('comparison with the champion', () => {
  it('agrees with numpy and scikit-learn on random answers', async () => {
    const { truth, candidate, champion, comparison: expected } = await readReference();
    const script = (rows: number[][]) =>
      rows.map(
        (row, i): Scripted => ({
          truth: letters[truth[i] as number] as string,
          says: row.map((millionth) => millionth / 1_000_000),
        }),
      );
    const one = await scriptedAnswers(letters, script(candidate.millionths));
    const other = await scriptedAnswers(letters, script(champion.millionths), one);
    const { confidence } = expected;
    const result = compare(one, other, { classes: one.classes, confidence, seed: 'any' });
    expect(result).to.include({
      products: truth.length,
      leftOut: 0,
      classes: 5,
      candidateOnly: expected.candidateOnly,
      championOnly: expected.championOnly,
    });
    for (const metric of ['accuracy', 'macroF1'] as const) {
      const { candidate: mine, champion: theirs, difference, lower, upper } = result[metric];
      expect(mine).to.be.closeTo(candidate.scores[metric], 1e-12);
      expect(theirs).to.be.closeTo(champion.scores[metric], 1e-12);
      expect(difference).to.be.closeTo(candidate.scores[metric] - champion.scores[metric], 1e-12);
      // Of 2,000 resamples a 5 % quantile is uncertain by some 0.0025 here; numpy took 200,000.
      expect(lower).to.be.closeTo(expected.bounds[metric][0], 0.0125);
      expect(upper).to.be.closeTo(expected.bounds[metric][1], 0.0125);
    }
  });

  it('of a model with itself is 0, certainly, with p = 1', () =>
    fc.assert(
      fc.asyncProperty(products, async (list) => {
        const result = await compared(list.map(([truth, word]) => [truth, word, word]));
        expect(result).to.include({ candidateOnly: 0, championOnly: 0, pValue: 1 });
        for (const { difference, lower, upper } of [result.accuracy, result.macroF1])
          expect([difference, lower, upper]).to.deep.equal([0, 0, 0]);
      }),
      { numRuns: 10 },
    ));

  it('turns round with its models, and its bounds contain the estimate', () =>
    fc.assert(
      fc.asyncProperty(products, async (list) => {
        const result = await compared(list);
        const turned = await compared(list.map(([truth, one, other]) => [truth, other, one]));
        expect(turned.pValue).to.equal(result.pValue);
        expect(turned.candidateOnly).to.equal(result.championOnly);
        for (const metric of ['accuracy', 'macroF1'] as const) {
          const { difference, lower, upper } = result[metric] as Record<string, number>;
          expect(lower).to.be.within(-1, difference as number);
          expect(upper).to.be.within(difference as number, 1);
          expect(turned[metric].difference).to.be.closeTo(-(difference as number), 1e-12);
          // The same resamples, seen from the other side.
          expect(turned[metric].lower).to.be.closeTo(-(upper as number), 1e-12);
        }
        const { bothRight, candidateOnly, championOnly, bothWrong } = result;
        expect(bothRight + candidateOnly + championOnly + bothWrong).to.equal(list.length);
      }),
      { numRuns: 15 },
    ));

  it('has the same bounds for the same seed, whatever the machine did meanwhile', async () => {
    const list = letters.flatMap((truth, i) =>
      letters.map((word): [string, string, string] => [truth, word, letters[i % 3] as string]),
    );
    expect(await compared(list)).to.deep.equal(await compared(list));
    const [one, other] = [await compared(list), await compared(list, { seed: 'another' })];
    expect(one.accuracy.lower).to.be.closeTo(other.accuracy.lower as number, 0.05);
  });

  it('takes products that are alike for one observation', () => {
    const grouped = (list: [string, string, string][], copies: number) => {
      const script = (word: 1 | 2) =>
        list.flatMap((product, group) =>
          Array.from(
            { length: copies },
            (): Scripted => ({
              truth: product[0],
              says: letters.map((label) => (label === product[word] ? 1 : 0)),
              group,
            }),
          ),
        );
      return Promise.all([scriptedAnswers(letters, script(1)), script(2)]).then(
        async ([candidate, champion]) =>
          compare(candidate, await scriptedAnswers(letters, champion, candidate), {
            classes: candidate.classes,
            confidence: 0.95,
            seed: 'seed',
          }),
      );
    };
    return fc.assert(
      fc.asyncProperty(products, fc.integer({ min: 2, max: 4 }), async (list, copies) => {
        const [one, many] = [await grouped(list, 1), await grouped(list, copies)];
        expect(many.groups).to.equal(list.length);
        expect(many.products).to.equal(copies * list.length);
        for (const metric of ['accuracy', 'macroF1'] as const)
          for (const bound of ['lower', 'difference', 'upper'] as const)
            expect(many[metric][bound]).to.be.closeTo(one[metric][bound] as number, 1e-12);
      }),
      { numRuns: 10 },
    );
  });

  it('asks for more when it is to be surer', async () => {
    const list = Array.from({ length: 60 }, (_, i): [string, string, string] => [
      'a',
      i % 3 === 0 ? 'b' : 'a',
      i % 4 === 0 ? 'b' : 'a',
    ]);
    const at = async (confidence: number) => (await compared(list, { confidence })).accuracy.lower;
    expect(await at(0.99)).to.be.below((await at(0.9)) as number);
    expect(await at(0.9)).to.be.below((await at(0.6)) as number);
  });

  it('compares the products of shared classes where classes differ, and names the rest', async () => {
    const result = await compared(
      [
        ['a', 'a', 'a'],
        ['b', 'new', 'b'],
        ['a', 'a', 'old'],
        ['new', 'new', 'a'],
        ['old', 'a', 'old'],
        ['never seen', 'a', 'a'],
      ],
      { labels: ['new', 'b', 'a'], championLabels: ['a', 'b', 'old'] },
    );
    expect(result).to.deep.include({
      products: 3,
      leftOut: 3,
      classes: 2,
      bothRight: 1,
      candidateOnly: 1,
      championOnly: 1,
      bothWrong: 0,
      candidateClasses: ['new'],
      championClasses: ['old'],
    });
    // Candidate: a 2 of 2, b 0 of 1 and never said. Champion: a 1 of 2, b 1 of 1.
    expect(result.accuracy).to.include({ candidate: 2 / 3, champion: 2 / 3, difference: 0 });
    expect(result.macroF1.candidate).to.be.closeTo((1 + 0) / 2, 1e-12);
    expect(result.macroF1.champion).to.be.closeTo((2 / 3 + 1) / 2, 1e-12);
  });

  for (const [name, labels] of [
    ['no product', letters],
    ['no class in common', ['x', 'y']],
  ] as const) {
    it(`has null and not 0 with ${name}`, async () => {
      const list: [string, string, string][] = labels === letters ? [] : [['a', 'a', 'x']];
      const result = await compared(list, { championLabels: [...labels] });
      expect(result).to.include({ products: 0, pValue: null });
      const nothing = {
        candidate: null,
        champion: null,
        difference: null,
        lower: null,
        upper: null,
      };
      expect(result.accuracy).to.deep.equal(nothing);
      expect(result.macroF1).to.deep.equal(nothing);
    });
  }
});
