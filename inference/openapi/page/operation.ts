import { type Content, type Markup, markup, table } from '@shelfwise/report';
import type { JsonSchema } from '../schemas.ts';
import { inline, prose } from './prose.ts';
import { fields, kindOf, limits } from './schema.ts';

interface Media {
  schema: JsonSchema;
  example?: unknown;
}

interface Answer {
  description: string;
  content?: Record<string, Media>;
  headers?: Record<string, { description: string }>;
}

export interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security: unknown[];
  parameters?: {
    name: string;
    in: string;
    required: boolean;
    description?: string;
    schema: JsonSchema;
  }[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Answer>;
}

/** One endpoint: what it is for, what it takes, how to ask, what it answers. */
export function operationMarkup(
  method: string,
  path: string,
  operation: Operation,
  resolve: (schema: JsonSchema) => JsonSchema,
): Markup {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const answers = Object.entries(responses);
  const isProblem = ([, { content }]: [string, Answer]) => content?.[problemType] !== undefined;
  return markup`<article id="${operationId}">
<h3>${summary}</h3>
<p class="call"><code><b>${method.toUpperCase()}</b> ${path}</code></p>
${prose(description)}
${parameters ? parametersTable(parameters) : null}
${requestBody ? bodyMarkup(requestBody.content, resolve) : null}
<pre>${curl(method, path, operation)}</pre>
${answers.filter((one) => !isProblem(one)).map(([status, answer]) => answerMarkup(status, answer))}
<details><summary>Problems</summary>
${answers.filter(isProblem).map(([status, answer]) => markup`<p><b>${status}</b> ${linked(answer.description)}</p>\n`)}</details>
</article>
`;
}

const problemType = 'application/problem+json';

/** Codes of problems lead to where they are explained. */
const linked = (description: string) =>
  inline(description, (code) => markup`<a href="#problem-${code}"><code>${code}</code></a>`);

function parametersTable(parameters: NonNullable<Operation['parameters']>): Markup {
  return table({
    columns: [{ title: 'Parameter' }, { title: 'What' }, { title: '' }],
    rows: parameters.map(({ name, in: where, required, description, schema }) => [
      markup`<code>${name}</code><br><span class="quiet">${where}${required ? ', required' : ''}</span>`,
      [kindOf(schema), limits(schema)],
      description === undefined ? null : inline(description),
    ]),
  });
}

function bodyMarkup(
  content: Record<string, Media>,
  resolve: (schema: JsonSchema) => JsonSchema,
): Content {
  return Object.entries(content).map(
    ([type, { schema }]) => markup`<h4>Body: <code>${type}</code></h4>
${fields(resolve(schema))}`,
  );
}

function answerMarkup(status: string, { description, content, headers }: Answer): Markup {
  const told = Object.entries(headers ?? {}).filter(([name]) => name !== 'X-Request-Id');
  return markup`<h4>${status}</h4>
<p>${inline(description)}</p>
${told.map(([name, { description: says }]) => markup`<p><code>${name}</code>: ${inline(says)}</p>\n`)}
${Object.entries(content ?? {}).map(
  ([type, { schema }]) =>
    markup`<p class="quiet"><code>${type}</code>: ${kindOf(schema)}</p>\n${schema.properties ? fields(schema) : null}`,
)}`;
}

/** A line that can be pasted into a shell, with the address of the service in $SHELFWISE and a token in $TOKEN. */
export function curl(method: string, path: string, operation: Operation): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
  const lines = [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$SHELFWISE${filled}"`,
  ];
  if (operation.security.length > 0) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  const required = operation.parameters?.filter((one) => one.in === 'header' && one.required) ?? [];
  for (const { name } of required) lines.push(`-H '${name}: …'`);
  const content = Object.entries(operation.requestBody?.content ?? {});
  const [type, media] = content.find(([, { example }]) => example !== undefined) ?? [];
  if (type !== undefined && media !== undefined) {
    lines.push(`-H 'Content-Type: ${type}'`);
    const text = typeof media.example === 'string' ? media.example : JSON.stringify(media.example);
    lines.push(`--data-binary ${quoted(text)}`);
  }
  return lines.join(' \\\n  ');
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
