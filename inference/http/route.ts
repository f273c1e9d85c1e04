import type * as z from 'zod';
import type { Access } from '../auth/authorise.ts';
import type { Tag } from '../openapi/tags.ts';
import type { Lease } from './body.ts';
import type { ProblemCode } from './problems.ts';
import type { Context } from './state.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A body of one content type, as the document tells it. */
export interface Media {
  schema: z.ZodType;
  /** A body that the service takes or gives, whole: the tests send it. */
  example?: unknown;
}

/** A body that is read, bounded and validated before the handler runs. */
export interface JsonBody<S extends z.ZodType = z.ZodType> {
  reads: 'json';
  schema: S;
  limitBytes: number;
  example?: unknown;
}

/** A body that the handler reads itself, from `ctx.req`, through the lease that it is given. */
export interface StreamBody {
  reads: 'stream';
  content: Readonly<Record<string, Media>>;
}

export interface Response {
  description: string;
  /** By content type; an answer without a body has none. */
  content?: Readonly<Record<string, Media>>;
  /** What each header of the answer says. */
  headers?: Readonly<Record<string, string>>;
}

/** What a handler is given: everything in it has been validated. */
export interface Call<P, Q, H, B> {
  ctx: Context;
  params: P;
  query: Q;
  headers: H;
  body: B;
  /** Of the process-wide budget of bytes; given back when the handler has answered. */
  lease: Lease;
}

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;
type BodyOf<B> = B extends JsonBody<infer S> ? z.output<S> : undefined;

interface Description {
  method: Method;
  /** As OpenAPI writes it: `/v1/products/{id}`. */
  path: string;
  /** The operation's name in clients that are generated from the document: unique, in camel case. */
  id: string;
  /** A few words; the heading of the operation. */
  summary: string;
  /** Markdown, for what a caller must know beyond the summary. */
  description?: string;
  tag: Tag;
  /** Who may call: anybody, or callers with one of these roles (admin implies all, catalogue implies predict). */
  access: Access;
  /** By status. The first is the one of an answer whose handler names none. */
  responses: Readonly<Record<number, Response>>;
  /** What it may answer with besides what every route of its kind does (see `problemsOf`). */
  problems?: readonly ProblemCode[];
}

interface Schemas<
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  H extends z.ZodType | undefined,
  B extends JsonBody | StreamBody | undefined,
> {
  /** Strict objects, whose values come as strings: `z.coerce` for numbers. A value in params that does not fit is a 404. */
  params?: P;
  /** A name that is not known is refused. */
  query?: Q;
  /** Names in lower case. Only those that are named here are validated and passed on. */
  headers?: H;
  body?: B;
}

/** One endpoint: what mounting, the OpenAPI document and the tests go by. */
export interface Route
  extends Description,
    Schemas<
      z.ZodType | undefined,
      z.ZodType | undefined,
      z.ZodType | undefined,
      JsonBody | StreamBody | undefined
    > {
  handle(call: Call<unknown, unknown, unknown, unknown>): unknown;
}

/**
 * An endpoint. What `handle` returns becomes the body of the answer; undefined leaves what it has set on `ctx` itself. It throws
 * a Problem for everything else; each code that is not of its kind of route stands in `problems`.
 */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  H extends z.ZodType | undefined = undefined,
  B extends JsonBody | StreamBody | undefined = undefined,
>(
  definition: Description &
    Schemas<P, Q, H, B> & {
      handle(call: Call<Output<P>, Output<Q>, Output<H>, BodyOf<B>>): unknown;
    },
): Route {
  return definition as unknown as Route;
}

/** A body of JSON that `schema` validates. 16 KiB are enough for what people type. */
export function jsonBody<S extends z.ZodType>(
  schema: S,
  settings: { limitBytes?: number; example?: unknown } = {},
): JsonBody<S> {
  return { reads: 'json', schema, limitBytes: 16 * 1024, ...settings };
}

/** A body that the handler reads itself. */
export function streamBody(content: Readonly<Record<string, Media>>): StreamBody {
  return { reads: 'stream', content };
}

/** An answer of JSON. */
export function jsonAnswer(
  description: string,
  schema: z.ZodType,
  settings: { example?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Response {
  const { headers, ...media } = settings;
  return {
    description,
    content: { 'application/json': { schema, ...media } },
    ...(headers && { headers }),
  };
}

const always: readonly ProblemCode[] = ['not-acceptable', 'internal'];
const ofCallers: readonly ProblemCode[] = ['unauthenticated', 'forbidden', 'keys-unavailable'];
const ofBodies: readonly ProblemCode[] = [
  'bad-request',
  'too-slow',
  'too-large',
  'unsupported-media-type',
  'unusable-part',
  'unknown-part',
  'overloaded',
];

/** Every code that a route may answer with: those of its kind, and its own. */
export function problemsOf(of: Route): ProblemCode[] {
  return [
    ...new Set<ProblemCode>([
      ...always,
      ...(of.access === 'public' ? [] : ofCallers),
      ...(of.body ? ofBodies : []),
      ...(of.query || of.headers ? (['unusable-part', 'unknown-part'] as const) : []),
      ...(of.params ? (['not-found'] as const) : []),
      ...(of.problems ?? []),
    ]),
  ];
}
