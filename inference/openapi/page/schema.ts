import { type Content, type Markup, markup, table } from '@shelfwise/report';
import type { JsonSchema } from '../schemas.ts';
import { inline, prose } from './prose.ts';

const component = '#/components/schemas/';

/** What a value is, in a few words: `text`, `list of Candidate`, `whole number or null`. Documents of their own are linked. */
export function kindOf(schema: JsonSchema): Content {
  const { $ref, type, anyOf, oneOf, enum: names, items, format } = schema;
  if (typeof $ref === 'string') return link($ref.replace(component, ''));
  const either = (anyOf ?? oneOf) as JsonSchema[] | undefined;
  if (either) return joined(either.map(kindOf), ' or ');
  if (schema.const !== undefined) return markup`<code>${JSON.stringify(schema.const)}</code>`;
  if (Array.isArray(names)) {
    return joined(
      names.map((name) => markup`<code>${JSON.stringify(name)}</code>`),
      ' or ',
    );
  }
  if (type === 'array') return ['list of ', kindOf((items ?? {}) as JsonSchema)];
  if (Array.isArray(type))
    return joined(
      type.map((one) => word(one, undefined)),
      ' or ',
    );
  return word(type, format);
}

function word(type: unknown, format: unknown): string {
  if (format === 'binary') return 'bytes';
  if (format === 'date-time') return 'time (RFC 3339)';
  switch (type) {
    case 'string':
      return 'text';
    case 'integer':
      return 'whole number';
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'object';
    case undefined:
      return 'anything';
    default:
      return String(type);
  }
}

export function link(name: string): Markup {
  return markup`<a href="#schema-${name}">${name}</a>`;
}

/** The fields of a document as a table; what it is in words where it has none. */
export function fields(schema: JsonSchema): Content {
  const { properties, required, anyOf, description } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
    anyOf?: JsonSchema[];
    description?: string;
  };
  const words = description === undefined ? null : prose(description);
  if (anyOf?.every((one) => one.properties)) {
    return [words, anyOf.map((one, i) => [i > 0 ? markup`<p>or</p>` : null, fields(one)])];
  }
  if (!properties) return [words, markup`<p>${kindOf(schema)}</p>`];
  return [
    words,
    table({
      columns: [{ title: 'Field' }, { title: 'What' }, { title: '' }],
      rows: Object.entries(properties).map(([name, field]) => [
        markup`<code>${name}</code>${required?.includes(name) ? markup`<br><span class="quiet">required</span>` : null}`,
        [kindOf(field), limits(field)],
        [aboutOf(field), nested(field)],
      ]),
    }),
  ];
}

/** What is said of a field; of one that may be null, it may be said of what it is otherwise. */
function aboutOf(field: JsonSchema): Content {
  const own = [field, ...alternatives(field)].find(({ description }) => description !== undefined);
  return own === undefined ? null : inline(String(own.description));
}

const alternatives = (schema: JsonSchema) => (schema.anyOf ?? []) as JsonSchema[];

/** Fields of an object that has no name of its own: they stand where it stands. */
function nested(field: JsonSchema): Content {
  const inner = (field.type === 'array' ? field.items : field) as JsonSchema | undefined;
  return inner?.properties ? fields({ ...inner, description: undefined }) : null;
}

/** The bounds of a value, for people. */
export function limits(schema: JsonSchema): Content {
  const {
    minimum,
    maximum,
    minLength,
    maxLength,
    pattern,
    default: usual,
  } = Object.assign({}, ...alternatives(schema), schema) as JsonSchema;
  const known = (bound: unknown) =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const range = [
    known(minimum) === undefined ? null : `at least ${minimum}`,
    known(maximum) === undefined ? null : `at most ${maximum}`,
    known(minLength) === undefined ? null : `at least ${minLength} characters`,
    known(maxLength) === undefined ? null : `at most ${maxLength} characters`,
    usual === undefined ? null : `default ${JSON.stringify(usual)}`,
  ].filter((one) => one !== null);
  const form = typeof pattern === 'string' && pattern.length <= 80 ? pattern : undefined;
  return [
    range.length > 0 ? markup`<br><span class="quiet">${range.join(', ')}</span>` : null,
    form === undefined ? null : markup`<br><code>${form}</code>`,
  ];
}

function joined(parts: readonly Content[], by: string): Content {
  return parts.map((part, i) => (i === 0 ? part : [by, part]));
}
