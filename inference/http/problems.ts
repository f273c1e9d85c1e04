/**
 * Every error of the HTTP API: its code, status and title. The code is the last part of the problem's
 * `type`, which clients may rely on; titles and details are for people.
 */
export const problems = {
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'nothing-to-classify': { status: 400, title: 'The request holds nothing to classify' },
  'unknown-part': { status: 400, title: 'The request holds a part that is not known' },
  'duplicate-part': { status: 400, title: 'A part is there more than once' },
  unauthenticated: { status: 401, title: 'A valid token is needed' },
  'wrong-credentials': { status: 401, title: 'User name or password is wrong' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'accounts-off': { status: 404, title: 'This service has no accounts' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method' },
  'not-acceptable': { status: 406, title: 'There is no answer of the form that is asked for' },
  'too-slow': { status: 408, title: 'The request took too long to come' },
  'no-catalogue': { status: 404, title: 'This service has no catalogue' },
  conflict: { status: 409, title: 'It is there already' },
  'last-admin': { status: 409, title: 'There must be an admin' },
  'precondition-failed': { status: 412, title: 'It has changed since the caller saw it' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The request is of a type that is not taken' },
  'unusable-part': { status: 422, title: 'A part of the request cannot be used' },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key stands for another request',
  },
  'precondition-required': { status: 428, title: 'The request must say which version it changes' },
  'too-many-logins': { status: 429, title: 'Too many attempts to log in' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'An error of the service' },
  'model-fault': { status: 500, title: 'The model gave no usable answer' },
  overloaded: { status: 503, title: 'The service is busy' },
  'not-ready': { status: 503, title: 'The service is not ready' },
  'pictures-unavailable': { status: 503, title: 'The pictures are not available at the moment' },
  'store-unavailable': { status: 503, title: 'The store of releases is not available' },
  'database-unavailable': { status: 503, title: 'The database is not available at the moment' },
  'keys-unavailable': {
    status: 503,
    title: 'ServiceAccount tokens cannot be verified at the moment',
  },
} as const;

export type ProblemCode = keyof typeof problems;

export const problemTypeBase = 'https://shelfwise.dev/problems/';

export interface ProblemOptions {
  /** The field, part, header or path it is about. */
  part?: string;
  /** Seconds, for Retry-After: whole, at least 1. */
  retryAfter?: number;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** Thrown anywhere below the error middleware, it becomes the response. `detail` is one sentence for the caller. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly part: string | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.part = options.part;
    this.headers = { ...options.headers };
    if (options.retryAfter !== undefined) {
      this.headers['Retry-After'] = String(Math.max(1, Math.ceil(options.retryAfter)));
    }
  }

  get status(): number {
    return problems[this.code].status;
  }

  /** The RFC 9457 document. */
  document(requestId: string) {
    const { status, title } = problems[this.code];
    return {
      type: `${problemTypeBase}${this.code}`,
      title,
      status,
      detail: this.message,
      ...(this.part !== undefined && { part: this.part }),
      requestId,
    };
  }
}
