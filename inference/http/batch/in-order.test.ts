import { expect } from 'chai';
import fc from 'fast-check';
import { inOrder } from './in-order.ts';

async function* from<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

describe('work that is done several at a time', () => {
  it('gives its results in order, whichever is done first, and never has more under way than there is room for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        async (scheduler, values, room) => {
          let underWay = 0;
          let most = 0;
          const work = async (value: number) => {
            most = Math.max(most, ++underWay);
            await scheduler.schedule(Promise.resolve());
            underWay--;
            return value;
          };
          const all = Array.fromAsync(inOrder(from(values), work, (n) => n >= room));
          expect(await scheduler.waitFor(all)).to.deep.equal(values);
          expect(most).to.be.at.most(room);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads no further than it is read itself', async () => {
    let read = 0;
    async function* endless() {
      while (true) yield read++;
    }
    const results = inOrder(
      endless(),
      async (n) => n,
      (n) => n >= 3,
    );
    expect((await results.next()).value).to.equal(0);
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    expect(read).to.be.at.most(5);
    await results.return();
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    expect(read).to.be.at.most(6);
  });

  it('is done on all that was taken, also when nobody reads on', async () => {
    let taken = 0;
    async function* endless() {
      while (true) yield taken++;
    }
    let worked = 0;
    const work = async () => {
      worked++;
    };
    const results = inOrder(endless(), work, (n) => n >= 3);
    await results.next();
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    await results.return();
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    expect(worked).to.equal(taken);
  });

  it('ends with the error of its source, after what came before it', async () => {
    async function* broken() {
      yield 1;
      throw new Error('the line is cut');
    }
    const results = inOrder(
      broken(),
      async (n) => n,
      () => false,
    );
    expect((await results.next()).value).to.equal(1);
    let message = '';
    await results.next().catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.equal('the line is cut');
  });
});
