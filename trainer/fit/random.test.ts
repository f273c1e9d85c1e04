import { expect } from 'chai';
import { createRandom, shuffle } from './random.ts';

describe('random numbers', () => {
  const draw = (seed: number, count: number) => Array.from({ length: count }, createRandom(seed));

  it('are the same for the same seed, and others for another', () => {
    expect(draw(1, 20)).to.deep.equal(draw(1, 20));
    expect(draw(1, 20)).to.not.deep.equal(draw(2, 20));
  });

  it('go on from a state as if they had never stopped', () => {
    const source = createRandom(5);
    for (let i = 0; i < 10; i += 1) source();
    const resumed = createRandom(source.state());
    const both = Array.from({ length: 10 }, () => [source(), resumed()]);
    for (const [one, other] of both) expect(other).to.equal(one);
  });

  it('are spread evenly over [0, 1)', () => {
    const bins = new Array(10).fill(0);
    for (const value of draw(7, 10_000)) bins[Math.floor(value * 10)] += 1;
    for (const count of bins) expect(count).to.be.within(900, 1100);
  });

  it('shuffle without losing a value', () => {
    const values = Int32Array.from({ length: 1000 }, (_, i) => i);
    const shuffled = shuffle(values.slice(), createRandom(3));
    expect([...shuffled]).to.not.deep.equal([...values]);
    expect([...shuffled.toSorted()]).to.deep.equal([...values]);
  });
});
