import { expect } from 'chai';
import { compactRows, spreadRows } from './embedding-rows.ts';

describe('the rows of an embedding', () => {
  for (const [what, found, rowOf] of [
    ['some buckets', Float32Array.of(0, 1.5, 0, 0.2), [2, 0, 2, 1, 2]],
    ['all buckets', Uint8Array.of(1, 1), [0, 1, 2]],
    ['no bucket', Uint8Array.of(0, 0), [0, 0, 0]],
  ] as const)
    it(`are as many as occur and one for the rest, where ${what} occur`, () => {
      const compacted = compactRows(found);
      expect([...compacted.rowOf]).to.deep.equal(rowOf);
      expect(compacted.rows).to.equal(Math.max(...rowOf) + 1);
    });

  it('are spread over the buckets that they stand for', () => {
    const { rowOf } = compactRows(Uint8Array.of(0, 1, 1));
    const spread = spreadRows(Float32Array.of(...[1, 2], ...[3, 4], ...[0, 0]), rowOf, 2);
    expect([...spread]).to.deep.equal([...[0, 0], ...[1, 2], ...[3, 4], ...[0, 0]]);
  });
});
