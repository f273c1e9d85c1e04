import { expect } from 'chai';
import { createDriftWindow } from './drift.ts';

const minute = 60_000;

/** A window in which class c was predicted `counts[c]` times, at minute `at`. */
function filled(counts: number[], at = 0) {
  const clock = { now: at * minute };
  const window = createDriftWindow(counts.length, () => clock.now);
  counts.forEach((count, c) => {
    for (let i = 0; i < count; i++) window.add(c);
  });
  return { window, clock };
}

describe('drift', () => {
  const cases: { name: string; seen: number[]; holdout: number[]; psi: number | undefined }[] = [
    { name: 'the same shares', seen: [500, 500], holdout: [50, 50], psi: 0 },
    // (0.8 - 0.5) · ln(0.8 / 0.5) + (0.2 - 0.5) · ln(0.2 / 0.5)
    { name: 'a shift', seen: [8000, 2000], holdout: [5000, 5000], psi: 0.41589 },
    { name: 'too few to tell', seen: [499, 0], holdout: [50, 50], psi: undefined },
    { name: 'a holdout of nothing', seen: [500, 0], holdout: [0, 0], psi: undefined },
    {
      name: 'rare classes, which are one bin',
      seen: [9800, 200, 0],
      holdout: [9800, 100, 100],
      psi: 0,
    },
  ];
  for (const { name, seen, holdout, psi } of cases) {
    it(`is ${psi ?? 'no figure'}: ${name}`, () => {
      const drift = filled(seen).window.against(holdout);
      if (psi === undefined) expect(drift).to.equal(undefined);
      else expect(drift?.psi).to.be.closeTo(psi, 0.001);
    });
  }

  it('stays a number where a class was never seen', () => {
    expect(filled([1000, 0]).window.against([0, 1000])?.psi).to.be.within(10, 20);
  });

  it('is about what chance gives where nothing changed', () => {
    const { window } = filled([260, 240]);
    expect(window.against([5000, 5000])?.byChance).to.be.closeTo(1 / 500 + 1 / 10_000, 1e-9);
  });

  it('forgets after an hour, in steps of five minutes', () => {
    const { window, clock } = filled([600, 0], 2);
    clock.now = 64.9 * minute;
    expect(window.size()).to.equal(600);
    window.add(1);
    clock.now = 65 * minute;
    expect(window.size()).to.equal(1);
    clock.now = 500 * minute;
    expect(window.size()).to.equal(0);
  });
});
