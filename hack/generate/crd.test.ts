import { expect } from 'chai';
import { readCrd, type Schema, schemaOf } from './crd.ts';

/** Every field of the schema with its path, the items of lists included. */
function* fieldsOf(schema: Schema, path: string): Generator<[string, Schema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const below = path === '' ? name : `${path}.${name}`;
    yield [below, field];
    yield* fieldsOf(field, below);
  }
  if (schema.items) {
    yield [`${path}[]`, schema.items];
    yield* fieldsOf(schema.items, `${path}[]`);
  }
  if (typeof schema.additionalProperties === 'object') {
    yield [`${path}[*]`, schema.additionalProperties];
    yield* fieldsOf(schema.additionalProperties, `${path}[*]`);
  }
}

describe('the CRD', () => {
  const without = async (lacks: (field: Schema) => boolean) => {
    const fields = [...fieldsOf(schemaOf(await readCrd()), '')];
    expect(fields.length).to.be.greaterThan(100);
    return fields
      .filter(([path, field]) => path !== 'metadata' && lacks(field))
      .map(([path]) => path);
  };

  it('describes every field', async () => {
    expect(await without((field) => !field.description)).to.deep.equal([]);
  });

  it('limits every text, list and map: rules over what has no limit are refused by the API server', async () => {
    const unlimited = await without((field) => {
      if (field.type === 'string')
        return !('maxLength' in field || field.enum || 'format' in field);
      if (field.type === 'array') return !('maxItems' in field);
      return typeof field.additionalProperties === 'object' && !('maxProperties' in field);
    });
    expect(unlimited).to.deep.equal(['apiVersion', 'kind']);
  });

  it('ends no description without a full stop, and leaves no line break in one', async () => {
    expect(await without(({ description = '' }) => !/^[^\n]*\.$/.test(description))).to.deep.equal(
      [],
    );
  });
});
