import { expect } from 'chai';
import { isMet } from '../figures/report.ts';
import type { Run } from './run.ts';
import { figuresOf, runsTable, spreadOf } from './summary.ts';

const cost = (fitCpuSeconds: number, featureSeconds = 3) => ({
  fitSeconds: 1,
  fitCpuSeconds,
  featureSeconds,
  featureCpuSeconds: 4,
});

function runs(model: string, values: number[], fitCpuSeconds = 2): Run[] {
  return values.map((macroF1, seed) => ({
    model,
    seed,
    macroF1,
    accuracy: macroF1,
    cost: cost(fitCpuSeconds, seed === 0 ? 30 : 1),
  }));
}

const held = (given: Run[]) =>
  Object.fromEntries(
    figuresOf('icons', given)
      .filter(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined)
      .map((figure) => [figure.name, isMet(figure)]),
  );

describe('the figures of bench-model', () => {
  it('have a mean and a range over seeds', () => {
    const { mean, range } = spreadOf([0.8, 0.9, 0.85]);
    expect([mean, range].map((value) => value.toFixed(3))).to.deep.equal(['0.850', '0.100']);
  });

  for (const { name, ours, fusion, expected } of [
    { name: 'a clear lead', ours: [0.85, 0.86], fusion: [0.8, 0.8], expected: [true, true] },
    { name: 'a lead too small', ours: [0.82, 0.82], fusion: [0.8, 0.8], expected: [false, true] },
    { name: 'a lead by luck', ours: [0.8, 0.9], fusion: [0.8, 0.8], expected: [true, false] },
    { name: "a rival's luck", ours: [0.85, 0.85], fusion: [0.74, 0.86], expected: [true, false] },
  ])
    it(`hold ${name} against the target and against the spread`, () => {
      const given = [...runs('conv-fusion', ours), ...runs('early-fusion', fusion)];
      expect(held(given)).to.deep.equal({
        iconsLeadOverEarlyFusion: expected[0],
        iconsLeadOverEarlyFusionBeyondSpread: expected[1],
      });
    });

  it('ask for less of a lead where the early fusion leaves no room for it, yet for one', () => {
    const given = (ours: number) => [
      ...runs('conv-fusion', [ours]),
      ...runs('early-fusion', [0.94]),
    ];
    expect(held(given(0.95))).to.include({ iconsLeadOverEarlyFusion: true });
    expect(held(given(0.93))).to.include({ iconsLeadOverEarlyFusion: false });
  });

  it('hold conv-fusion to be better than lstm-cnn in less time', () => {
    const rival = runs('lstm-cnn', [0.7], 1.5);
    expect(held([...runs('conv-fusion', [0.8], 2), ...rival])).to.deep.include({
      iconsLeadOverLstmCnn: true,
      iconsFitTime: false,
    });
  });

  it('hold conv-fusion to be first, where a text alone is ahead of the early fusion', () => {
    const rivals = [...runs('early-fusion', [0.92]), ...runs('text-svc', [0.94])];
    expect(held([...runs('conv-fusion', [0.93]), ...rivals])).to.include({
      iconsLeadOverEarlyFusion: true,
      iconsLeadOverTextSvc: false,
    });
  });

  it('say nothing of a model that was not run', () =>
    expect(held(runs('conv-fusion', [0.8]))).to.deep.equal({}));

  it('are a row for each model: features by the seed that had to compute them', () => {
    const text = runsTable([...runs('conv-fusion', [0.8, 0.9]), ...runs('majority', [0.01])]);
    expect(text).to.match(/conv-fusion +0\.850 ± 0\.050 +0\.850 ± 0\.050 +1\.0 +2\.0 +30\.0 +4\.0/);
    expect(text).to.match(/majority +0\.010 +0\.010/);
  });
});
