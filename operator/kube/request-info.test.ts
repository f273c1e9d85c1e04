import { expect } from 'chai';
import { requestInfo } from './request-info.ts';

describe('requestInfo', () => {
  const cases: [string, string, object, ReturnType<typeof requestInfo>][] = [
    ['GET', '/api/v1/pods', {}, { verb: 'list', resource: 'pods', object: '' }],
    ['GET', '/api/v1/pods', { watch: true }, { verb: 'watch', resource: 'pods', object: '' }],
    [
      'GET',
      '/api/v1/namespaces/shop/pods/a',
      {},
      { verb: 'get', resource: 'pods', object: 'shop/a' },
    ],
    [
      'POST',
      '/apis/batch/v1/namespaces/shop/jobs',
      {},
      { verb: 'create', resource: 'jobs.batch', object: 'shop' },
    ],
    [
      'PUT',
      '/apis/apps/v1/namespaces/shop/deployments/a/scale',
      {},
      { verb: 'update', resource: 'deployments.apps/scale', object: 'shop/a' },
    ],
    [
      'PATCH',
      '/apis/shelfwise.dev/v1alpha1/namespaces/shop/modelreleases/a/status',
      {},
      { verb: 'patch', resource: 'modelreleases.shelfwise.dev/status', object: 'shop/a' },
    ],
    [
      'DELETE',
      '/apis/batch/v1/namespaces/shop/jobs/a',
      {},
      { verb: 'delete', resource: 'jobs.batch', object: 'shop/a' },
    ],
    [
      'DELETE',
      '/apis/batch/v1/namespaces/shop/jobs',
      {},
      { verb: 'deletecollection', resource: 'jobs.batch', object: 'shop' },
    ],
    ['GET', '/api/v1/namespaces/shop', {}, { verb: 'get', resource: 'namespaces', object: 'shop' }],
    [
      'PATCH',
      '/api/v1/namespaces/shop/status',
      {},
      { verb: 'patch', resource: 'namespaces/status', object: 'shop' },
    ],
    ['GET', '/version', {}, { verb: 'get', resource: '/version', object: '' }],
    ['GET', '/apis/batch/v1', {}, { verb: 'get', resource: '/apis/batch/v1', object: '' }],
  ];
  for (const [method, path, query, info] of cases) {
    it(`${method} ${path} ${JSON.stringify(query)}`, () => {
      expect(requestInfo(method, path, query)).to.deep.equal(info);
    });
  }
});
