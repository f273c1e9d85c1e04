import { problemSchema } from '@shelfwise/inference-contract';
import * as z from 'zod';
import { type ProblemCode, problems } from '../http/problems.ts';
import { type Media, problemsOf, type Response, type Route } from '../http/route.ts';
import { version } from '../version.ts';
import { createSchemas, type JsonSchema } from './schemas.ts';
import { tags } from './tags.ts';

type Schemas = ReturnType<typeof createSchemas>;

const about = `Classifies products of a shop by text and picture, with the model that Shelfwise trained and judged last.

Everything but what is marked as public takes the header \`Authorization: Bearer TOKEN\`. Errors are problem documents (RFC 9457):
the last part of \`type\` is a code that does not change, \`part\` names the field, header or path that is to blame, and \`requestId\`
is what the log of the service has it under. It is the caller's own \`X-Request-Id\` where that is harmless.`;

/** The OpenAPI 3.1 document of the routes. */
export function openApiDocument(routes: readonly Route[]) {
  const schemas = createSchemas();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of routes) {
    paths[one.path] ??= {};
    (paths[one.path] as JsonSchema)[one.method] = operation(one, schemas);
  }
  const used = new Set(routes.map(({ tag }) => tag));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Shelfwise',
      version,
      description: about,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Where the document came from: behind a proxy nobody else knows.
    servers: [{ url: '/' }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            "A token of `POST /v1/tokens`, a service token, or a Kubernetes ServiceAccount's token of audience `shelfwise`.",
        },
      },
    },
  };
}

export type OpenApiDocument = ReturnType<typeof openApiDocument>;

function operation(one: Route, schemas: Schemas): JsonSchema {
  const parameters = [
    ...parametersOf('path', one.params, schemas),
    ...parametersOf('query', one.query, schemas),
    ...parametersOf('header', one.headers, schemas),
  ];
  return {
    operationId: one.id,
    summary: one.summary,
    description: descriptionOf(one),
    tags: [one.tag],
    security: one.access === 'public' ? [] : [{ bearer: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(one.body && { requestBody: bodyOf(one.body, schemas) }),
    responses: { ...answersOf(one, schemas), ...refusalsOf(one, schemas) },
  };
}

function descriptionOf({ access, description }: Route): string {
  const who = access === 'public' ? 'Public.' : `For callers with the role ${access.join(' or ')}.`;
  return description === undefined ? who : `${description}\n\n${who}`;
}

function parametersOf(where: string, schema: z.ZodType | undefined, schemas: Schemas) {
  if (!(schema instanceof z.ZodObject)) return [];
  const required = new Set(
    (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).required ?? []) as string[],
  );
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => {
    const { description, ...rest } = schemas.of(field, 'input');
    return {
      name,
      in: where,
      required: where === 'path' || required.has(name),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function bodyOf(body: NonNullable<Route['body']>, schemas: Schemas): JsonSchema {
  const content = body.reads === 'stream' ? body.content : { 'application/json': body };
  return { required: true, content: contentOf(content, 'input', schemas) };
}

function contentOf(
  content: Readonly<Record<string, Media>>,
  io: 'input' | 'output',
  schemas: Schemas,
): JsonSchema {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, example }]) => [
      type,
      { schema: schemas.of(schema, io), ...(example !== undefined && { example }) },
    ]),
  );
}

/** Every answer bears the request's id. */
const requestIdHeader = {
  'X-Request-Id': {
    description: "The request's id, in the log too.",
    schema: { type: 'string' },
  },
};

function answersOf({ responses }: Route, schemas: Schemas): JsonSchema {
  return Object.fromEntries(
    Object.entries(responses).map(([status, answer]) => [status, answerOf(answer, schemas)]),
  );
}

function answerOf({ description, content, headers }: Response, schemas: Schemas): JsonSchema {
  const told = Object.entries(headers ?? {}).map(([name, says]) => [
    name,
    { description: says, schema: { type: 'string' } },
  ]);
  return {
    description,
    headers: { ...requestIdHeader, ...Object.fromEntries(told) },
    ...(content && { content: contentOf(content, 'output', schemas) }),
  };
}

/** The problems by status: one response for all codes that share it. */
function refusalsOf(one: Route, schemas: Schemas): JsonSchema {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(one)) {
    const { status } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const problem = schemas.of(problemSchema, 'output');
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join('\n\n'),
        headers: requestIdHeader,
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}
