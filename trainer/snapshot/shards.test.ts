import { sampleKey } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { shardBuckets } from './shards.ts';

const products = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: sampleKey(`${i}`) })).sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );

describe('shardBuckets', () => {
  for (const [count, most] of [
    [1, 1],
    [256, 1],
    [257, 2],
    [1000, 4],
    [1025, 8],
    [85_000, 512],
  ] as const) {
    it(`deals ${count} products into ${most} shards in order`, () => {
      const all = products(count);
      const buckets = [...shardBuckets(all)];
      expect(buckets.length).to.be.within(Math.ceil(most / 2), most);
      expect(buckets.flat()).to.deep.equal(all);
      for (const bucket of buckets) expect(bucket.length).to.be.below(400);
    });
  }

  it('has none for no products', () => expect([...shardBuckets([])]).to.deep.equal([]));

  it('leaves most shards as they are when few products are new', () => {
    const before = new Set(shardBuckets(products(80_000)).map((bucket) => JSON.stringify(bucket)));
    const after = [...shardBuckets(products(80_100))];
    const kept = after.filter((bucket) => before.has(JSON.stringify(bucket)));
    expect(kept.length / after.length).to.be.above(0.7);
  });
});
