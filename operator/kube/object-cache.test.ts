import { expect } from 'chai';
import type { KubernetesObject, ObjectMeta, Stored } from './object.ts';
import { createObjectCache, labelIndex, ownerIndex } from './object-cache.ts';

const object = (
  name: string,
  meta: Partial<ObjectMeta> = {},
  version = '1',
): Stored<KubernetesObject> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    resourceVersion: version,
    creationTimestamp: '',
    ...meta,
  },
});
const owned = (uid: string) => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'Job', name: 'j', uid }],
});

describe('object cache', () => {
  const make = () => createObjectCache({ owner: ownerIndex, release: labelIndex('release') });
  const names = (objects: KubernetesObject[]) =>
    objects.map(({ metadata }) => metadata.name).sort();

  it('finds objects by owner and label, also after they changed or went', () => {
    const cache = make();
    cache.put(object('a', { ...owned('1'), labels: { release: 'x' } }));
    cache.put(object('b', owned('1')));
    cache.put(object('c', { labels: { release: 'x' }, namespace: 'other' }));
    expect(names(cache.by('owner', '1'))).to.deep.equal(['a', 'b']);
    expect(names(cache.by('release', 'shop/x'))).to.deep.equal(['a']);

    cache.put(object('a', owned('2'), '2'));
    expect(names(cache.by('owner', '1'))).to.deep.equal(['b']);
    expect(names(cache.by('owner', '2'))).to.deep.equal(['a']);
    expect(cache.by('release', 'shop/x')).to.deep.equal([]);

    cache.drop({ namespace: 'shop', name: 'b' });
    expect(cache.by('owner', '1')).to.deep.equal([]);
    cache.replace([object('d', owned('2'))]);
    expect(names(cache.by('owner', '2'))).to.deep.equal(['d']);
    expect(names(cache.list())).to.deep.equal(['d']);
  });

  it('names the indexes there are when asked for another', () => {
    expect(() => make().by('node', 'x')).to.throw(
      'There is no index "node"; there are: owner, release.',
    );
  });

  it('reports no change for the same version of the same object', () => {
    const cache = make();
    expect(cache.put(object('a'))?.previous).to.equal(undefined);
    expect(cache.put(object('a'))).to.equal(undefined);
    expect(cache.put(object('a', { uid: 'other' }))?.previous?.metadata.uid).to.equal('uid-a');
    expect(cache.drop({ namespace: 'shop', name: 'b' })).to.equal(undefined);
  });
});
