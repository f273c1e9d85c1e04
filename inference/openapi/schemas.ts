import * as z from 'zod';

export type JsonSchema = Record<string, unknown>;

/**
 * Zod's schemas as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. A schema with an id (`.meta({ id })`) stands once
 * under components.schemas and is referred to; what goes in and what comes out are two where they differ (defaults).
 */
export function createSchemas() {
  const components: Record<string, JsonSchema> = {};

  /** The name under which a definition stands: its own, or with a suffix where another one of that name is there. */
  function place(name: string, definition: JsonSchema): string {
    const seen = components[name];
    if (seen === undefined || JSON.stringify(seen) === JSON.stringify(definition)) {
      components[name] = definition;
      return name;
    }
    return place(`${name}Input`, definition);
  }

  return {
    components,
    of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
      const {
        $schema: _,
        $defs = {},
        ...own
      } = z.toJSONSchema(schema, {
        io,
        unrepresentable: 'any',
        cycles: 'ref',
      }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
      const names = new Map<string, string>();
      const moved = (value: unknown) => refer(value, names);
      for (const [name, definition] of Object.entries($defs)) {
        const { id: _id, ...rest } = moved(definition) as JsonSchema;
        names.set(name, place(name, rest));
      }
      const { id, ...rest } = moved(own) as JsonSchema;
      if (typeof id !== 'string' || rest.$ref !== undefined) return rest;
      return { $ref: `#/components/schemas/${place(id, rest)}` };
    },
  };
}

/** The same value, with references to definitions of its own turned into references to components. */
function refer(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => refer(one, names));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (key !== '$ref' || typeof one !== 'string') return [key, refer(one, names)];
      const name = /^#\/\$defs\/(.+)$/.exec(one)?.[1] ?? '';
      return [key, `#/components/schemas/${names.get(name) ?? name}`];
    }),
  );
}
