import { expect } from 'chai';
import { Problem } from '../http/problems.ts';
import { createRecent } from './recent.ts';

describe('what was read lately', () => {
  it('is fetched once for all who ask, kept while fresh, and the oldest is forgotten', async () => {
    let now = 0;
    let fetched = 0;
    const recent = createRecent<number>({ keep: 2, freshMs: 10, now: () => now });
    const get = (key: string) => recent.get(key, async () => ++fetched);
    expect(await Promise.all([get('a'), get('a')])).to.deep.equal([1, 1]);
    now = 9;
    expect(await get('a')).to.equal(1);
    now = 10;
    expect(await get('a')).to.equal(2);
    expect([await get('b'), await get('c'), await get('a'), await get('c')]).to.deep.equal([
      3, 4, 5, 4,
    ]);
  });

  it('does not keep what failed, and refuses a fifth at a time', async () => {
    const recent = createRecent<number>({ keep: 9, freshMs: 10, now: () => 0 });
    const failed = await recent.get('a', () => Promise.reject(new Error('gone'))).catch(String);
    expect(failed).to.equal('Error: gone');
    expect(await recent.get('a', async () => 1)).to.equal(1);
    const { promise, resolve } = Promise.withResolvers<number>();
    const held = ['b', 'c', 'd', 'e'].map((key) => recent.get(key, () => promise));
    const fifth = await recent.get('f', async () => 1).catch((error: unknown) => error);
    expect(fifth).to.be.instanceOf(Problem).with.property('code', 'overloaded');
    resolve(7);
    expect(await Promise.all(held)).to.deep.equal([7, 7, 7, 7]);
  });
});
