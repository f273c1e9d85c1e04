import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { type CustomResourceDefinition, type Schema, schemaOf } from './crd.ts';

const banner = `/* Generated from crds/modelreleases.yaml by \`npm run generate\`: change that file, not this one. */
import type { ObjectMeta } from '../kube/object.ts';
`;

/**
 * TypeScript types of an object as the API server hands it out. A field with a default is there even where nobody set it,
 * so that it is no optional one here.
 */
export async function typesOf(crd: CustomResourceDefinition): Promise<string> {
  const schema = asJsonSchema(schemaOf(crd)) as JSONSchema;
  const properties = { ...schema.properties, metadata: { tsType: 'ObjectMeta' } };
  const required = ['apiVersion', 'kind', 'metadata', 'spec'];
  return compile({ ...schema, properties, required }, crd.spec.names.kind, {
    bannerComment: banner,
    additionalProperties: false,
    style: { singleQuote: true, printWidth: 100 },
    // Limits of the API server's; as tuple types they would only be in the way.
    ignoreMinAndMaxItems: true,
  });
}

function asJsonSchema(schema: Schema): object {
  if (schema['x-kubernetes-int-or-string']) {
    return { description: schema.description, type: ['integer', 'string'] };
  }
  const { properties, items, additionalProperties, default: _, ...rest } = schema;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([name]) => !name.startsWith('x-kubernetes-')),
  );
  return {
    ...kept,
    ...(properties && {
      properties: mapValues(properties, asJsonSchema),
      required: Object.keys(properties).filter((name) => isAlwaysThere(schema, name)),
    }),
    ...(items && { items: asJsonSchema(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: asJsonSchema(additionalProperties),
    }),
  };
}

function isAlwaysThere(schema: Schema, name: string): boolean {
  return (schema.required ?? []).includes(name) || schema.properties?.[name]?.default !== undefined;
}

function mapValues<T, U>(object: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
