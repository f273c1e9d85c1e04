import type { EvaluationFacts } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import fc from 'fast-check';
import { judge, mismatch, type Question } from './gate.ts';

const dataset = `sha256:${'d'.repeat(64)}`;
const champion = { release: 'shop-20261115-030000', digest: `sha256:${'a'.repeat(64)}` };
const question: Question = {
  release: 'shop-20261122-030000',
  dataset,
  champion,
  gate: {
    metrics: [
      { name: 'accuracy', minimum: '0.76' },
      { name: 'macroF1', minimum: '0.7' },
    ],
  },
};
const facts: EvaluationFacts = {
  step: 'evaluate',
  ok: true,
  schemaVersion: 1,
  candidate: { release: question.release, digest: `sha256:${'b'.repeat(64)}` },
  champion,
  dataset,
  gate: question.gate,
  holdout: { products: 200, classes: 20 },
  metrics: { accuracy: 0.81234, macroF1: 0.7, weightedF1: 0.8 },
  championMetrics: { accuracy: 0.8, macroF1: 0.7, weightedF1: 0.8 },
  lowestRecalls: [],
};
const heldOut = 200;

/** What a broken or hostile evaluate could send: deliberately outside the types. */
function broken(change: Record<string, unknown>): EvaluationFacts {
  return { ...facts, ...change } as unknown as EvaluationFacts;
}
const metrics = (change: Record<string, unknown>) =>
  broken({ metrics: { ...facts.metrics, ...change } });

describe('gate', () => {
  const cases: {
    name: string;
    facts: EvaluationFacts;
    verdict: string;
    because: string;
    gate?: Question['gate'];
  }[] = [
    {
      name: 'passes what reaches every minimum, equality included',
      facts,
      verdict: 'Pass',
      because:
        'accuracy 0.8123 reaches 0.76, macroF1 0.7000 reaches 0.7, on 200 held-out products.',
    },
    {
      name: 'fails what is below one minimum, and says both numbers',
      facts: metrics({ accuracy: 0.5512 }),
      verdict: 'Fail',
      because: 'accuracy 0.5512 is below the minimum 0.76.',
    },
    {
      name: 'names every metric that is below',
      facts: metrics({ accuracy: 0.1, macroF1: 0 }),
      verdict: 'Fail',
      because:
        'accuracy 0.1000 is below the minimum 0.76, macroF1 0.0000 is below the minimum 0.7.',
    },
    {
      name: 'does not round a number over its minimum',
      facts: metrics({ accuracy: 0.7599999 }),
      verdict: 'Fail',
      because: 'accuracy 0.7599999 is below the minimum 0.76.',
    },
    {
      name: 'is not sure about null',
      facts: metrics({ macroF1: null }),
      verdict: 'Inconclusive',
      because: 'macroF1 could not be measured',
    },
    {
      name: 'is not sure about NaN',
      facts: metrics({ accuracy: Number.NaN }),
      verdict: 'Inconclusive',
      because: 'accuracy could not be measured',
    },
    {
      name: 'is not sure about a missing metric',
      facts: metrics({ accuracy: undefined }),
      verdict: 'Inconclusive',
      because: 'accuracy could not be measured',
    },
    {
      name: 'is not sure about more than 1',
      facts: metrics({ accuracy: 76 }),
      verdict: 'Inconclusive',
      because: 'accuracy could not be measured',
    },
    {
      name: 'is not sure about a number as text',
      facts: metrics({ accuracy: '0.9' }),
      verdict: 'Inconclusive',
      because: 'accuracy could not be measured',
    },
    {
      name: 'is not sure without metrics',
      facts: broken({ metrics: undefined }),
      verdict: 'Inconclusive',
      because: 'accuracy, macroF1 could not be measured',
    },
    {
      name: 'prefers doubt to failure',
      facts: metrics({ accuracy: 0.1, macroF1: null }),
      verdict: 'Inconclusive',
      because: 'macroF1 could not be measured',
    },
    {
      name: 'wants an answer about this candidate',
      facts: broken({ candidate: champion }),
      verdict: 'Inconclusive',
      because:
        'evaluate was asked about the candidate shop-20261122-030000 and answered about shop-20261115-030000.',
    },
    {
      name: 'wants an answer about this dataset',
      facts: broken({ dataset: `sha256:${'e'.repeat(64)}` }),
      verdict: 'Inconclusive',
      because: 'about the dataset',
    },
    {
      name: 'wants an answer about this champion',
      facts: broken({ champion: null }),
      verdict: 'Inconclusive',
      because: 'about the champion',
    },
    {
      name: 'wants an answer about this gate',
      facts: broken({ gate: { metrics: [{ name: 'accuracy', minimum: '0.1' }] } }),
      verdict: 'Inconclusive',
      because: 'about the gate',
    },
    {
      name: 'wants the gate echoed at all',
      facts: broken({ gate: undefined }),
      verdict: 'Inconclusive',
      because: 'about the gate',
    },
    {
      name: 'wants all held-out products judged',
      facts: broken({ holdout: { products: 199, classes: 20 } }),
      verdict: 'Inconclusive',
      because: 'evaluate judged 199 products, but the snapshot holds out 200.',
    },
    {
      name: 'wants held-out products',
      facts: broken({ holdout: { products: 0, classes: 0 } }),
      verdict: 'Inconclusive',
      because: 'No product was held out',
    },
    {
      name: 'wants a gate',
      facts: broken({ gate: { metrics: [] } }),
      gate: { metrics: [] },
      verdict: 'Inconclusive',
      because: 'names no metric',
    },
    {
      name: 'is not sure about a minimum that is no number',
      facts: broken({ gate: { metrics: [{ name: 'accuracy', minimum: 'x' }] } }),
      gate: { metrics: [{ name: 'accuracy', minimum: 'x' }] },
      verdict: 'Inconclusive',
      because: 'the minimum is no number',
    },
    {
      name: 'is not sure about an empty minimum',
      facts: broken({ gate: { metrics: [{ name: 'accuracy', minimum: '' }] } }),
      gate: { metrics: [{ name: 'accuracy', minimum: '' }] },
      verdict: 'Inconclusive',
      because: 'the minimum is no number',
    },
  ];
  for (const { name, facts, verdict, because, gate = question.gate } of cases) {
    it(name, () => {
      const answer = judge(facts, { question: { ...question, gate }, heldOut });
      expect(answer.verdict).to.equal(verdict);
      expect(answer.because).to.include(because);
    });
  }

  it('lists every check with value, bound and outcome', () => {
    expect(judge(metrics({ macroF1: 0.5 }), { question, heldOut }).checks).to.deep.equal([
      { metric: 'accuracy', value: 0.81234, minimum: '0.76', outcome: 'Pass' },
      { metric: 'macroF1', value: 0.5, minimum: '0.7', outcome: 'Fail' },
    ]);
  });

  it('does not mind the order of keys in what is echoed', () => {
    const gate = { metrics: question.gate.metrics.map(({ name, minimum }) => ({ minimum, name })) };
    expect(mismatch(broken({ gate }), question)).to.equal(undefined);
  });

  it('passes only numbers at or above their minimum, whatever it is given', () => {
    const anything = fc.record({ accuracy: fc.anything(), macroF1: fc.anything() });
    fc.assert(
      fc.property(anything, (given) => {
        const { verdict } = judge(metrics(given), { question, heldOut });
        const { accuracy, macroF1 } = given as { accuracy: number; macroF1: number };
        const good = typeof accuracy === 'number' && typeof macroF1 === 'number';
        if (verdict === 'Pass') expect(good && accuracy >= 0.76 && macroF1 >= 0.7).to.equal(true);
      }),
    );
  });
});
