import { expect } from 'chai';
import { ownersOf } from './caches.ts';
import type { KubernetesObject, ObjectMeta, Stored } from './kube/object.ts';

const object = (metadata: Partial<ObjectMeta>): Stored<KubernetesObject> => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    namespace: 'shop',
    name: 'j',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    ...metadata,
  },
});
const labelled = (name: string) => object({ labels: { 'shelfwise.dev/model-release': name } });
const ownedBy = (kind: string, apiVersion = 'shelfwise.dev/v1alpha1') =>
  object({ ownerReferences: [{ apiVersion, kind, name: 'owner', uid: 'o' }] });

describe('whose turn it is after a change', () => {
  type Side = Stored<KubernetesObject> | undefined;
  const cases: { name: string; object?: Side; previous?: Side; keys: string[] }[] = [
    { name: 'a new object', object: labelled('a'), keys: ['shop/a'] },
    { name: 'one that is gone', previous: labelled('a'), keys: ['shop/a'] },
    { name: 'a label taken away', object: object({}), previous: labelled('a'), keys: ['shop/a'] },
    {
      name: 'a label changed',
      object: labelled('b'),
      previous: labelled('a'),
      keys: ['shop/a', 'shop/b'],
    },
    { name: 'an owner', object: ownedBy('ModelRelease'), keys: ['shop/owner'] },
    {
      name: 'an owner of another version',
      object: ownedBy('ModelRelease', 'shelfwise.dev/v1'),
      keys: ['shop/owner'],
    },
    { name: 'an owner of another kind', object: ownedBy('Job', 'batch/v1'), keys: [] },
    {
      name: 'an owner of another group',
      object: ownedBy('ModelRelease', 'other.dev/v1'),
      keys: [],
    },
  ];
  for (const { name, object, previous, keys } of cases) {
    it(name, () => {
      expect([...ownersOf({ key: 'shop/j', object, previous })].sort()).to.deep.equal(keys);
    });
  }
});
