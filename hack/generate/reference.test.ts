import { expect } from 'chai';
import type { CustomResourceDefinition, Schema } from './crd.ts';
import { referenceOf } from './reference.ts';

function crdOf(spec: Schema): CustomResourceDefinition {
  const openAPIV3Schema = { description: 'A thing.', properties: { spec } };
  return {
    spec: { names: { kind: 'Thing' }, versions: [{ name: 'v1', schema: { openAPIV3Schema } }] },
  };
}

describe('the reference page', () => {
  const page = referenceOf(
    crdOf({
      description: 'What is\n wanted.',
      required: ['name'],
      properties: {
        name: { type: 'string', description: 'A | name.' },
        size: { type: 'integer', default: 3, minimum: 1, maximum: 9, description: 'How big.' },
        parts: {
          type: 'array',
          description: 'Its parts.',
          items: {
            type: 'object',
            properties: { kind: { enum: ['a', 'b'], description: 'Which.' } },
          },
        },
        cron: {
          type: 'string',
          description: 'When.',
          'x-kubernetes-validations': [{ rule: 'x', message: 'must be like 0 * * * *' }],
        },
        affinity: { type: 'object', description: 'As in a pod.', properties: { nodeAffinity: {} } },
      },
    }),
  );
  const rows = page.split('\n').filter((line) => line.startsWith('|'));

  it('has a row for each field, with default, limits and rules', () => {
    expect(rows.slice(2)).to.deep.equal([
      '| **`spec.name`** | string | A \\| name. |',
      '| `spec.size` | integer | How big. Default `3`. At least 1, at most 9. |',
      '| `spec.parts` | list of objects | Its parts. |',
      '| `spec.parts[].kind` | `a`, `b` | Which. |',
      '| `spec.cron` | string | When. Rule: must be like 0 \\* \\* \\* \\*. |',
      '| `spec.affinity` | object | As in a pod. |',
    ]);
  });

  it('brings descriptions onto one line', () => expect(page).to.include('\nWhat is wanted.\n'));
});
