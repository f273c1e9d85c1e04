import { expect } from 'chai';
import { kinds, nameOf, parseFault } from './faults.ts';
import { plan, seeded } from './plan.ts';

const counts = { write: 20, request: 48, event: 40 };
const names = (seed: number) =>
  plan({ counts, writes: 'all', others: 4, random: seeded(seed) }).map(nameOf);

describe('the plan of chaos', () => {
  it('kills before and after every write, and loses every answer', () => {
    for (const kind of ['killed-before', 'killed-after', 'answer-lost'])
      for (let nth = 1; nth <= counts.write; nth++) expect(names(1)).to.include(`${kind}:${nth}`);
  });

  it('strikes with every other kind in every quarter of a life', () => {
    for (const [kind, count] of Object.entries(kinds).slice(3)) {
      const places = names(7)
        .map(parseFault)
        .filter((fault) => fault.kind === kind)
        .map(({ nth }) => Math.floor(((nth - 1) / counts[count]) * 4));
      expect(places, kind).to.deep.equal([0, 1, 2, 3]);
    }
  });

  it('is the same for the same seed, and another for another', () => {
    expect(names(3)).to.deep.equal(names(3));
    expect(names(3)).to.not.deep.equal(names(4));
  });

  for (const wrong of ['nothing:1', 'watch-410', 'watch-410:0', 'watch-410:x'])
    it(`refuses "${wrong}" and names what there is`, () => {
      expect(() => parseFault(wrong)).to.throw(
        /is no fault: write KIND:N, with KIND one of killed/,
      );
    });
});
