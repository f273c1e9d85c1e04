import { expect } from 'chai';
import fc from 'fast-check';
import { type Scripted, scriptedAnswers } from '../../fixtures/scripted-answers.ts';
import { scoresOf } from '../facts.ts';
import { pickExamples } from './examples.ts';

async function examplesOf(products: Scripted[], minimumSupport = 1) {
  const holdout = await scriptedAnswers(['a', 'b', 'c'], products);
  const { perClass } = scoresOf(holdout, holdout);
  const { answers, classes } = holdout;
  return pickExamples(answers, { perClass, classes: classes.all, minimumSupport });
}

/** Says `word`, as surely as it is told to. */
function product(truth: string, word: string, sure: number): Scripted {
  const rest = (1 - sure) / 2;
  return { truth, says: ['a', 'b', 'c'].map((label) => (label === word ? sure : rest)) };
}

describe('the examples of a page', () => {
  it('are the surest mistakes, surest first, and what is missed of the least found classes', async () => {
    const { mistakes, missed } = await examplesOf([
      product('a', 'a', 0.99),
      product('a', 'b', 0.6),
      product('b', 'c', 0.9),
      product('b', 'b', 0.5),
      product('a', 'c', 0.8),
      product('c', 'c', 0.8),
    ]);
    expect(mistakes).to.deep.equal([2, 4, 1]);
    expect(missed.map((each) => [each.class, each.rows])).to.deep.equal([
      ['a', [4, 1]],
      ['b', [2]],
    ]);
  });

  it('leave classes of too few products to chance', async () => {
    const products = [product('a', 'b', 0.9), product('b', 'c', 0.9), product('b', 'b', 0.9)];
    const { missed } = await examplesOf(products, 2);
    expect(missed.map((each) => each.class)).to.deep.equal(['b']);
  });

  it('are those that sorting all of them gives, and no more than a person looks at', () => {
    const one = fc
      .tuple(
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom('a', 'b', 'c'),
        fc.integer({ min: 40, max: 99 }),
      )
      .map(([truth, word, sure]) => product(truth, word, sure / 100));
    return fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 80 }), async (products) => {
        const { mistakes } = await examplesOf(products);
        const sure = ({ says }: Scripted) => Math.max(...says);
        const wrong = [...products.entries()]
          .filter(
            ([, { truth, says }]) => ['a', 'b', 'c'][says.indexOf(Math.max(...says))] !== truth,
          )
          .sort(([i, one], [j, other]) => sure(other) - sure(one) || i - j)
          .map(([i]) => i);
        expect(mistakes).to.deep.equal(wrong.slice(0, 24));
      }),
      { numRuns: 40 },
    );
  });
});
