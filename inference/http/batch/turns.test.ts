import { expect } from 'chai';
import { createTurns } from './turns.ts';

const settle = () => new Promise(setImmediate);

describe('turns', () => {
  /** Asks for `callers` in this order, and returns the order in which they came to their turn, with what ends the first. */
  async function play(ofOne: number, ofAll: number) {
    const turns = createTurns({ ofOne: () => ofOne, ofAll: () => ofAll });
    const order: string[] = [];
    const ends: (() => void)[] = [];
    const ask = (caller: string) =>
      void turns.take(caller).then((end) => {
        order.push(caller);
        ends.push(end);
      });
    return { turns, order, ends, ask };
  }

  it('are as many as may go at a time, of one caller and of all', async () => {
    const { order, ask, turns } = await play(2, 3);
    for (const caller of ['a', 'a', 'a', 'a', 'b', 'c']) ask(caller);
    await settle();
    expect(order).to.deep.equal(['a', 'a', 'b']);
    expect(turns.state()).to.deep.equal({ going: 3, waiting: 3 });
  });

  it('go round the callers, so that one who asks for many keeps nobody out', async () => {
    const { order, ends, ask, turns } = await play(1, 1);
    for (const caller of ['a', 'a', 'a', 'a', 'b', 'b', 'c']) ask(caller);
    await settle();
    while (ends.length > 0) {
      ends.shift()?.();
      await settle();
    }
    expect(order.slice(0, 4).toSorted()).to.deep.equal(['a', 'a', 'b', 'c']);
    expect(order).to.have.length(7);
    expect(turns.state()).to.deep.equal({ going: 0, waiting: 0 });
  });
});
