import { expect } from 'chai';
import fc from 'fast-check';
import { createCost } from './cost.ts';

describe('cost of a batch', () => {
  it('is nothing before one was served', () => {
    expect(createCost().expected(8, 1)).to.equal(0);
  });

  it('is all of its items where every batch had as many', () => {
    const cost = createCost();
    for (let i = 0; i < 5; i++) cost.served(4, 20);
    expect(cost.expected(8, 1)).to.be.closeTo(40, 1e-9);
  });

  it('tells what a batch costs from what its items do, once it has seen batches of several sizes', () => {
    const cost = createCost();
    for (let i = 0; i < 200; i++) cost.served(1 + (i % 8), 3 * (1 + (i % 8)) + 6);
    expect(cost.expected(8, 1)).to.be.closeTo(30, 1);
    expect(cost.expected(1, 1)).to.be.closeTo(9, 1);
    expect(cost.expected(16, 2) - cost.expected(16, 1)).to.be.closeTo(6, 1);
  });

  it('is not thrown by one stall, but follows what lasts', () => {
    const cost = createCost();
    for (let i = 0; i < 30; i++) cost.served(1, 10);
    cost.served(1, 60_000);
    expect(cost.expected(1, 1)).to.be.below(15);
    for (let i = 0; i < 60; i++) cost.served(1, 100);
    expect(cost.expected(1, 1)).to.be.above(90);
  });

  it('is never negative or less for more, whatever was served', () => {
    const batches = fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat({ max: 5_000 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(batches, (served) => {
        const cost = createCost();
        for (const [items, ms] of served) cost.served(items, ms);
        const [one, eight] = [cost.expected(1, 1), cost.expected(8, 1)];
        expect(one).to.be.at.least(0);
        expect(eight).to.be.at.least(one);
      }),
    );
  });
});
