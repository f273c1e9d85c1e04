import { expect } from 'chai';
import { joinCaches } from './joined-cache.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { createObjectCache } from './object-cache.ts';

const object = (namespace: string, name: string): Stored<KubernetesObject> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace,
    name,
    uid: `${namespace}-${name}`,
    resourceVersion: '1',
    creationTimestamp: '',
  },
});

describe('joinCaches', () => {
  const cacheOf = (...objects: Stored<KubernetesObject>[]) => {
    const cache = createObjectCache({ initial: ({ metadata }) => [metadata.name[0] ?? ''] });
    cache.replace(objects);
    return cache;
  };
  const joined = joinCaches(
    new Map([
      ['shop', cacheOf(object('shop', 'apple'), object('shop', 'pear'))],
      ['store', cacheOf(object('store', 'apple'))],
    ]),
  );

  it('finds an object in the cache of its namespace, and nothing in a namespace that is none of its own', () => {
    expect(joined.get({ namespace: 'store', name: 'apple' })?.metadata.uid).to.equal('store-apple');
    expect(joined.get({ namespace: 'store', name: 'pear' })).to.equal(undefined);
    expect(joined.get({ namespace: 'elsewhere', name: 'apple' })).to.equal(undefined);
    expect(joined.get({ name: 'apple' })).to.equal(undefined);
  });

  it('knows a namespace that is added to its map later', () => {
    const parts = new Map();
    const later = joinCaches(parts);
    expect(later.size()).to.equal(0);
    parts.set('shop', cacheOf(object('shop', 'apple')));
    expect([later.size(), later.list().length, later.by('initial', 'a').length]).to.deep.equal([
      1, 1, 1,
    ]);
  });

  it('lists, counts and indexes all of them', () => {
    const uids = (objects: Stored<KubernetesObject>[]) =>
      objects.map(({ metadata }) => metadata.uid);
    expect(joined.size()).to.equal(3);
    expect(uids(joined.list())).to.deep.equal(['shop-apple', 'shop-pear', 'store-apple']);
    expect(uids(joined.by('initial', 'a'))).to.deep.equal(['shop-apple', 'store-apple']);
    expect(() => joined.by('unknown', 'a')).to.throw('There is no index "unknown"');
  });
});
