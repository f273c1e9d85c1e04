import { expect } from 'chai';
import { inParallel } from './in-parallel.ts';

describe('inParallel', () => {
  it('does all, never more at a time than it may', async () => {
    const done: number[] = [];
    let now = 0;
    let most = 0;
    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      done.push(item);
    });
    expect(done.sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    expect(most).to.equal(3);
  });

  it('begins nothing more after an error', async () => {
    const begun: number[] = [];
    const under = inParallel([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await new Promise(setImmediate);
      if (item === 1) throw new Error('no');
    });
    expect(await under.catch((error: Error) => error.message)).to.equal('no');
    await new Promise(setImmediate);
    expect(begun).to.deep.equal([1, 2]);
  });
});
