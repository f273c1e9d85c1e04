import { expect } from 'chai';
import { type Figure, figuresTable, isMet, reportOf } from './report.ts';

const figure = (value: number, held: Partial<Figure> = {}): Figure => ({
  name: 'x',
  says: 'how much',
  value,
  unit: 's',
  ...held,
});

describe('the report of a benchmark', () => {
  const cases: [number, Partial<Figure>, boolean][] = [
    [5, {}, true],
    [5, { atMost: 5 }, true],
    [5.01, { atMost: 5 }, false],
    [Number.NaN, { atMost: 5 }, false],
    [5, { atLeast: 5 }, true],
    [4.99, { atLeast: 5 }, false],
    [Number.NaN, { atLeast: 5 }, false],
    [0, { exactly: 0 }, true],
    [Number.NaN, { exactly: 0 }, false],
    [1, { exactly: 0 }, false],
  ];
  for (const [value, held, met] of cases) {
    it(`${value} is ${met ? '' : 'not '}as ${JSON.stringify(held)} asks`, () =>
      expect(isMet(figure(value, held))).to.equal(met));
  }

  it('is met when every target is, and there is one', () => {
    expect(reportOf('b', [figure(1, { atMost: 2 }), figure(9)]).met).to.equal(true);
    expect(reportOf('b', [figure(3, { atMost: 2 }), figure(9)]).met).to.equal(false);
    expect(reportOf('b', [figure(3)]).met).to.equal(false);
    expect(reportOf('b', [figure(3.456, { atMost: 4 })])).to.deep.equal({
      name: 'b',
      figures: { x: 3.46 },
      targets: { x: '≤ 4' },
      met: true,
    });
  });

  it('says in the table what was missed', () => {
    expect(figuresTable([figure(3, { atMost: 2 })])).to.match(/how much +3 +s +≤ 2 +MISSED/);
  });
});
