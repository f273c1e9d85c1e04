import { evaluationFactsSchema } from '@shelfwise/inference-contract';
import { terminationMessageLimitBytes } from '@shelfwise/trainer-contract/messages';
import { expect } from 'chai';
import fc from 'fast-check';
import { readReference } from '../fixtures/reference/scores.ts';
import {
  type Scripted,
  type ScriptedHoldout,
  scriptedAnswers,
} from '../fixtures/scripted-answers.ts';
import { compare } from './comparison.ts';
import { factsOf, scoresOf } from './facts.ts';

const letters = ['a', 'b', 'c', 'd', 'e'];
const scored = (holdout: ScriptedHoldout) => scoresOf(holdout, holdout);

describe('the scores of one model', () => {
  it("are scikit-learn's, on random answers", async () => {
    const reference = await readReference();
    for (const model of [reference.candidate, reference.champion]) {
      const products = model.millionths.map(
        (row, i): Scripted => ({
          truth: letters[reference.truth[i] as number] as string,
          says: row.map((millionth) => millionth / 1_000_000),
        }),
      );
      const scores = scored(await scriptedAnswers(letters, products));
      const expected = model.scores;
      for (const name of ['accuracy', 'macroF1', 'weightedF1', 'top3Accuracy'] as const)
        expect(scores[name], name).to.be.closeTo(expected[name], 1e-12);
      expect(scores.logLoss).to.be.closeTo(expected.logLoss, 1e-6);
      expect(scores.calibration.error).to.be.closeTo(expected.calibrationError, 1e-6);
      scores.perClass.forEach(({ precision, recall }, i) => {
        expect(precision).to.be.closeTo(expected.precision[i] as number, 1e-12);
        expect(recall).to.be.closeTo(expected.recall[i] as number, 1e-12);
      });
    }
  });

  it('are told by language, by what a product offers, and by each half alone', async () => {
    const [right, wrong] = [
      [0.9, 0.1],
      [0.2, 0.8],
    ];
    const holdout = await scriptedAnswers(
      ['a', 'b'],
      [
        { truth: 'a', says: right as number[], picture: wrong as number[], language: 'fr' },
        { truth: 'a', says: wrong as number[], picture: null, language: 'fr' },
        { truth: 'a', says: right as number[], picture: null, language: 'fr' },
        { truth: 'a', says: right as number[], text: null },
      ],
    );
    const { byLanguage, byModality, alone } = scored(holdout);
    expect(byLanguage.map(({ language, products }) => [language, products])).to.deep.equal([
      ['fr', 3],
      [null, 1],
    ]);
    expect(byLanguage[0]?.accuracy).to.be.closeTo(2 / 3, 1e-12);
    expect(byModality.map(({ modality, accuracy }) => [modality, accuracy])).to.deep.equal([
      ['text+picture', 1],
      ['text', 0.5],
      ['picture', 1],
    ]);
    expect(alone.text).to.include({ products: 3, accuracy: 2 / 3 });
    expect(alone.picture).to.include({ products: 2, accuracy: 0.5 });
  });

  it('keep their laws on any holdout', () => {
    const row = fc
      .array(fc.integer({ min: 0, max: 50 }), { minLength: 3, maxLength: 3 })
      .filter((numbers) => numbers.some((number) => number > 0))
      .map((numbers) => {
        const total = numbers.reduce((a, b) => a + b);
        return numbers.map((number) => number / total);
      });
    const product = fc.record({
      truth: fc.constantFrom('a', 'b', 'c', 'unknown'),
      says: row,
      text: fc.option(row),
      picture: fc.option(row),
      language: fc.constantFrom('', 'en', 'de'),
    });
    return fc.assert(
      fc.asyncProperty(fc.array(product, { maxLength: 30 }), async (products) => {
        const scores = scored(await scriptedAnswers(['a', 'b', 'c'], products));
        const total = (parts: { products: number }[]) =>
          parts.reduce((sum, part) => sum + part.products, 0);
        for (const parts of [scores.byLanguage, scores.byModality, scores.calibration.bins])
          expect(total(parts)).to.equal(products.length);
        if (products.length === 0) {
          expect([scores.logLoss, scores.top3Accuracy, scores.calibration.error]).to.deep.equal([
            null,
            null,
            null,
          ]);
          return;
        }
        expect(scores.calibration.error).to.be.within(0, 1);
        expect(scores.logLoss).to.be.within(0, 16);
        expect(scores.top3Accuracy).to.be.at.least(scores.accuracy as number);
        // Parts weighted by size are the whole.
        const whole = scores.byLanguage.reduce(
          (sum, part) => sum + (part.accuracy as number) * part.products,
          0,
        );
        expect(whole / products.length).to.be.closeTo(scores.accuracy as number, 1e-12);
      }),
      { numRuns: 50 },
    );
  });
});

describe('facts', () => {
  const subject = (letter: string) => ({
    release: `${'a'.repeat(32)}-20261129-030000`,
    digest: `sha256:${letter.repeat(64)}`,
  });

  it('fit a termination message with comparison and as many lowest recalls as there is room for', async () => {
    for (const long of [4, 400, 4000]) {
      const labels = Array.from({ length: 40 }, (_, i) => `é${'x'.repeat(long)}${i}`);
      const products = labels.flatMap((truth, i) =>
        [1, 2, 3].map(
          (n): Scripted => ({
            truth,
            says: labels.map((_, j) => (j === (i * n) % 40 ? 0.9 : 0.1 / 39)),
          }),
        ),
      );
      const candidate = await scriptedAnswers(labels, products);
      const comparison = compare(candidate, candidate, {
        classes: candidate.classes,
        confidence: 0.95,
        seed: '',
      });
      const facts = factsOf(
        {
          candidate: subject('a'),
          champion: subject('b'),
          dataset: `sha256:${'d'.repeat(64)}`,
          gate: { metrics: [{ name: 'accuracy', minimum: '0.76' }] },
        },
        { candidate: scored(candidate), champion: scored(candidate), comparison },
        1,
      );
      const message = JSON.stringify(facts);
      expect(Buffer.byteLength(message)).to.be.at.most(terminationMessageLimitBytes);
      expect(evaluationFactsSchema.parse(JSON.parse(message)).comparison).to.include({
        products: 120,
        pValue: 1,
      });
      const [fewest, most] = { 4: [32, 32], 400: [1, 31], 4000: [0, 0] }[long] as [number, number];
      expect(facts.lowestRecalls.length, `${long}`).to.be.within(fewest, most);
    }
  });

  it('of before there were comparisons are still read', async () => {
    const holdout = await scriptedAnswers(['a'], [{ truth: 'a', says: [1] }]);
    const asked = {
      candidate: subject('a'),
      champion: null,
      dataset: `sha256:${'d'.repeat(64)}`,
      gate: null,
    };
    const scores = scored(holdout);
    const facts = factsOf(asked, { candidate: scores, champion: null, comparison: null }, 1);
    expect(facts.comparison).to.equal(null);
    const { comparison, ...earlier } = facts;
    expect(evaluationFactsSchema.parse(earlier)).to.deep.equal(earlier);
  });
});
