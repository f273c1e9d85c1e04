import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { type Lease, readBody } from './body.ts';
import { parseJson } from './json.ts';
import { Problem } from './problems.ts';
import type { Route } from './route.ts';
import type { Context } from './state.ts';

/** What a request asks, validated. Throws a Problem that names the part. */
export async function readInput(of: Route, ctx: Context, lease: Lease) {
  const params = of.params && check(of.params, ctx.params, 'path', notThere);
  const query = of.query && check(of.query, ctx.query, 'query', unusable);
  const headers = of.headers && check(of.headers, ctx.headers, 'headers', unusable);
  const body = of.body?.reads === 'json' ? await readJson(of.body, ctx, lease) : undefined;
  return { params, query, headers, body };
}

async function readJson(
  { schema, limitBytes }: Extract<Route['body'], { reads: 'json' }>,
  ctx: Context,
  lease: Lease,
): Promise<unknown> {
  refuseOtherThan(ctx.req, ['application/json']);
  const bytes = await readBody(ctx.req, limitBytes, lease);
  return check(schema, parseJson(bytes), 'body', unusable);
}

/** Returns the media type of the body; throws `unsupported-media-type` unless it is one of `types`, and not encoded. */
export function refuseOtherThan({ headers }: IncomingMessage, types: readonly string[]): string {
  if (headers['content-encoding'] !== undefined) {
    const detail = 'A Content-Encoding is not taken: send the body as it is.';
    throw new Problem('unsupported-media-type', detail, { part: 'Content-Encoding' });
  }
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (types.includes(type)) return type;
  const seen =
    type === ''
      ? 'The request has no Content-Type'
      : `The content type ${type.slice(0, 100)} is not taken`;
  throw new Problem('unsupported-media-type', `${seen}: send ${types.join(' or ')}.`, {
    part: 'Content-Type',
    headers: { Accept: types.join(', ') },
  });
}

type Refusal = (issue: z.core.$ZodIssue | undefined, whole: string) => Problem;

/** A value as the schema has it. Throws the Problem that `refusal` makes of the first issue. */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  whole: string,
  refusal: Refusal = unusable,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues[0], whole);
}

function unusable(issue: z.core.$ZodIssue | undefined, whole: string): Problem {
  if (issue?.code === 'unrecognized_keys') {
    const at = [...issue.path, issue.keys[0] ?? ''].join('.').slice(0, 64);
    const detail = `The field ${JSON.stringify(at)} is not known: leave it out, or look at /docs for its name.`;
    return new Problem('unknown-part', detail, { part: at });
  }
  const part = issue?.path.join('.').slice(0, 64) || whole;
  return new Problem('unusable-part', `The field ${part} is wrong: ${issue?.message}.`, { part });
}

const notThere: Refusal = (issue) => {
  const part = issue?.path.join('.') || 'path';
  return new Problem('not-found', `There is nothing of this ${part}: ${issue?.message}.`, { part });
};
