import { expect } from 'chai';
import { keyOf, nameOf } from './object.ts';
import { jobs, pathOf, pods, type Resource } from './resource.ts';

const nodes: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', clusterScoped: true };

describe('pathOf', () => {
  const cases: [Resource, Parameters<typeof pathOf>[1], string][] = [
    [pods, {}, '/api/v1/pods'],
    [pods, { namespace: 'a' }, '/api/v1/namespaces/a/pods'],
    [jobs, { namespace: 'a', name: 'b' }, '/apis/batch/v1/namespaces/a/jobs/b'],
    [
      jobs,
      { namespace: 'a', name: 'b', subresource: 'status' },
      '/apis/batch/v1/namespaces/a/jobs/b/status',
    ],
    [nodes, { name: 'n' }, '/api/v1/nodes/n'],
    [nodes, { namespace: 'ignored', name: 'n' }, '/api/v1/nodes/n'],
    [pods, { namespace: 'a', name: 'b/../c' }, '/api/v1/namespaces/a/pods/b%2F..%2Fc'],
  ];
  for (const [resource, at, path] of cases)
    it(path, () => expect(pathOf(resource, at)).to.equal(path));

  it('does not look for a namespaced object without its namespace', () => {
    expect(() => pathOf(jobs, { name: 'b' })).to.throw(
      'The Job b has no namespace: jobs need one.',
    );
  });
});

describe('pathOf of a name that is none', () => {
  // A path that ends early means the whole collection: DELETE …/jobs/ deletes all Jobs.
  for (const at of [
    { namespace: 'a', name: '' },
    { namespace: 'a', name: '..' },
    { namespace: '', name: 'b' },
    { namespace: '' },
  ])
    it(`is refused: ${JSON.stringify(at)}`, () =>
      expect(() => pathOf(jobs, at)).to.throw(/^"(\.\.)?" is no name of a (Job|namespace)\.$/));
});

describe('keyOf', () => {
  for (const name of [{ namespace: 'a', name: 'b' }, { name: 'b' }]) {
    it(`${keyOf(name)} and back`, () => expect(nameOf(keyOf(name))).to.deep.equal(name));
  }
});
