import { expect } from 'chai';
import { handedOver, type ManagedFields } from './field-ownership.ts';

const entry = (operation: string, fieldsV1: object, rest: Partial<ManagedFields> = {}) =>
  ({ manager: 'we', operation, apiVersion: 'v1', fieldsV1, ...rest }) as ManagedFields;

describe('handedOver', () => {
  const foreign = entry('Update', { 'f:data': { 'f:theirs': {} } }, { manager: 'they' });
  const status = entry('Update', { 'f:status': {} }, { subresource: 'status' });
  const cases: [string, ManagedFields[], ManagedFields[] | undefined][] = [
    ['nothing of ours', [foreign], undefined],
    ['only what was applied', [entry('Apply', { 'f:data': {} })], undefined],
    ['only a status', [status], undefined],
    [
      'what was created becomes applied; others keep theirs',
      [entry('Update', { 'f:data': { 'f:a': {} } }), foreign, status],
      [foreign, status, entry('Apply', { 'f:data': { 'f:a': {} } })],
    ],
    [
      'what was created and what was applied become one',
      [
        entry('Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } }),
        entry('Update', { 'f:data': { 'f:b': {}, 'f:c': {} }, 'f:metadata': {} }),
      ],
      [entry('Apply', { 'f:data': { 'f:a': {}, 'f:b': {}, 'f:c': {} }, 'f:metadata': {} })],
    ],
  ];
  for (const [name, before, after] of cases) {
    it(name, () => expect(handedOver(before, 'we')).to.deep.equal(after));
  }
});
