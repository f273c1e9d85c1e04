import { expect } from 'chai';
import { concurrently } from './concurrently.ts';

describe('concurrently', () => {
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it('does everything once, no more than the limit at a time', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await concurrently(
      Array.from({ length: 50 }, (_, i) => i),
      7,
      async (item) => {
        most = Math.max(most, ++running);
        await tick();
        done.push(item);
        running--;
      },
    );
    expect(done.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
    expect(most).to.equal(7);
  });

  it('takes an item only when there is room for it', async () => {
    let taken = 0;
    let ended = 0;
    async function* items() {
      for (let i = 0; i < 20; i++) {
        expect(taken++ - ended).to.be.lessThan(3);
        yield i;
      }
    }
    await concurrently(items(), 3, async () => {
      await tick();
      ended++;
    });
    expect(ended).to.equal(20);
  });

  it('begins nothing after a failure, waits for what runs, and closes the source', async () => {
    let closed = false;
    let running = 0;
    async function* items() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    }
    const error = await concurrently(items(), 4, async (item) => {
      running++;
      await tick();
      running--;
      if (item === 9) throw new Error('nine');
    }).catch((e: unknown) => e);
    expect(error).to.match(/nine/);
    expect([running, closed]).to.deep.equal([0, true]);
  });

  it('hands on a failure of the source', async () => {
    async function* items() {
      yield 1;
      throw new Error('source');
    }
    expect(await concurrently(items(), 2, tick as never).catch((e: unknown) => e)).to.match(
      /source/,
    );
  });
});
