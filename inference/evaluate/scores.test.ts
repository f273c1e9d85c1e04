import { expect } from 'chai';
import fc from 'fast-check';
import { createTally, lowestRecalls, scoreClasses, summarise } from './scores.ts';

function tallyOf(labels: string[], pairs: [truth: string, predicted: string | null][]) {
  const tally = createTally(labels);
  for (const [truth, predicted] of pairs) tally.add(truth, predicted);
  return tally.result();
}

describe('scores', () => {
  it('agrees with a case worked out by hand', () => {
    // a: 2 of 3 found, 3 taken for a. b: 1 of 2 found, 2 taken for b. c: 1 of 1 found, 1 taken for c.
    const tally = tallyOf(
      ['a', 'b', 'c'],
      [
        ['a', 'a'],
        ['a', 'a'],
        ['a', 'b'],
        ['b', 'b'],
        ['b', 'a'],
        ['c', 'c'],
      ],
    );
    expect(tally.counts).to.deep.equal([
      [2, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    const { accuracy, macroF1, weightedF1 } = summarise(tally);
    expect(accuracy).to.be.closeTo(4 / 6, 1e-12);
    expect(macroF1).to.be.closeTo((2 / 3 + 1 / 2 + 1) / 3, 1e-12);
    expect(weightedF1).to.be.closeTo((3 * (2 / 3) + 2 * (1 / 2) + 1) / 6, 1e-12);
    expect(scoreClasses(tally)[0]).to.deep.equal({
      class: 'a',
      precision: 2 / 3,
      recall: 2 / 3,
      f1: 4 / 6,
      support: 3,
      predicted: 3,
    });
  });

  it('leaves a class that does not occur out of the means, and its scores null', () => {
    const tally = tallyOf(['a', 'ghost'], [['a', 'a']]);
    expect(summarise(tally)).to.deep.equal({ accuracy: 1, macroF1: 1, weightedF1: 1 });
    expect(scoreClasses(tally)[1]).to.include({
      precision: null,
      recall: null,
      f1: null,
      support: 0,
    });
  });

  it('counts a class that the model does not know, and products without an answer, as wrong', () => {
    const tally = tallyOf(
      ['a'],
      [
        ['a', 'a'],
        ['new', 'a'],
        ['a', null],
      ],
    );
    expect(tally.unanswered).to.equal(1);
    expect(summarise(tally).accuracy).to.be.closeTo(1 / 3, 1e-12);
    expect(
      scoreClasses(tally).map(({ class: name, recall, support }) => [name, recall, support]),
    ).to.deep.equal([
      ['a', 1 / 2, 2],
      ['new', 0, 1],
    ]);
  });

  it('has null and not 0 for an empty holdout', () => {
    expect(summarise(tallyOf(['a', 'b'], []))).to.deep.equal({
      accuracy: null,
      macroF1: null,
      weightedF1: null,
    });
  });

  it('lists the lowest recalls with enough support, lowest first', () => {
    const tally = tallyOf(
      ['a', 'b', 'c', 'd'],
      [
        ['a', 'a'],
        ['a', 'b'],
        ['b', 'a'],
        ['b', 'a'],
        ['c', 'a'],
        ['d', 'd'],
        ['d', 'd'],
      ],
    );
    expect(lowestRecalls(scoreClasses(tally), 2, 2).map((one) => one.class)).to.deep.equal([
      'b',
      'a',
    ]);
    expect(lowestRecalls(scoreClasses(tally), 9).map((one) => one.class)).to.deep.equal([
      'b',
      'c',
      'a',
      'd',
    ]);
  });

  it('keeps its laws on any holdout', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const pair = fc.tuple(name, fc.option(name, { freq: 9 }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 60 }), (pairs) => {
        const tally = tallyOf(['a', 'b', 'c'], pairs);
        const scores = scoreClasses(tally);
        const metrics = summarise(tally);
        const right = pairs.filter(([truth, predicted]) => truth === predicted).length;
        expect(metrics.accuracy).to.be.closeTo(right / pairs.length, 1e-12);
        expect(scores.reduce((total, { support }) => total + support, 0)).to.equal(pairs.length);
        expect(scores.reduce((total, { predicted }) => total + predicted, 0)).to.equal(
          pairs.length - tally.unanswered,
        );
        // Recall weighted by support is accuracy.
        const weighted = scores.reduce(
          (total, { recall, support }) => total + (recall ?? 0) * support,
          0,
        );
        expect(weighted / pairs.length).to.be.closeTo(metrics.accuracy as number, 1e-12);
        for (const value of Object.values(metrics)) expect(value).to.be.within(0, 1 + 1e-12);
        const reversed = summarise(tallyOf(['c', 'b', 'a'], pairs.toReversed()));
        expect(reversed.macroF1).to.be.closeTo(metrics.macroF1 as number, 1e-12);
      }),
    );
  });
});
