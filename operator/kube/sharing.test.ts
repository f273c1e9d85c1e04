import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { createSharing, shareMetadata } from './sharing.ts';

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe('sharing of equal parts', () => {
  it('gives a value that is equal to the one given, whatever was there before', () => {
    const share = createSharing();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const fresh = copy(value);
        expect(share(copy(fresh))).to.deep.equal(fresh);
      }),
    );
  });

  it('keeps equal parts once, at every depth', () => {
    const share = createSharing();
    const one = share({ name: 'a', template: { containers: [{ image: 'x', env: [] }] } });
    const other = share({ name: 'b', template: { containers: [{ image: 'x', env: [] }] } });
    expect(other).not.to.equal(one);
    expect(other.template).to.equal(one.template);
    const third = share({ name: 'c', containers: [{ image: 'x', env: [] }] });
    expect(third.containers[0]).to.equal(one.template.containers[0]);
  });

  it('tells apart what JSON tells apart', () => {
    const share = createSharing();
    for (const [one, other] of [
      [{ a: 1 }, { a: '1' }],
      [{ a: null }, {}],
      [[], {}],
      [{ a: [1, 2] }, { a: [2, 1] }],
    ]) {
      expect(share(copy(one))).not.to.deep.equal(share(copy(other)));
    }
  });

  it('gives parts that nobody can change', () => {
    const part = createSharing()({ labels: { a: 'b' } });
    expect(() => {
      part.labels.a = 'c';
    }).to.throw(TypeError);
  });

  it('shares labels and owners of metadata, and leaves the rest', () => {
    const share = createSharing();
    const object = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: {
        name,
        namespace: 'shop',
        uid: `uid-of-${name}`,
        resourceVersion: '1',
        creationTimestamp: '2026-11-22T02:00:00Z',
        labels: { app: 'x' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid: 'u' }],
      },
    });
    const [one, other] = [shareMetadata(object('a'), share), shareMetadata(object('b'), share)];
    expect(one).to.deep.equal(object('a'));
    expect(other.metadata.labels).to.equal(one.metadata.labels);
    expect(other.metadata.ownerReferences).to.equal(one.metadata.ownerReferences);
  });

  it('does not keep what nobody holds', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const share = createSharing();
    const gone = new WeakRef(share({ big: ['part', 'of', 'something'] }));
    // A WeakRef holds what it names until the turn ends in which it was made or asked.
    for (let round = 0; round < 100 && gone.deref(); round++) {
      await turn();
      collect();
    }
    expect(gone.deref()).to.equal(undefined);
  });
});
