/** What the API server answers instead of an object (metav1.Status). */
export interface ApiStatus {
  kind: 'Status';
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    retryAfterSeconds?: number;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

/** A request that did not get what it asked for, be it the API server's no or no answer at all. */
export class ApiError extends Error {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** The API's own reason (AlreadyExists, Conflict, NotFound, Expired, …), or Timeout, Unreachable, BadResponse, Withheld, NoCredentials. */
  readonly reason: string;
  readonly verb: string;
  /** `jobs.batch`, `modelreleases.shelfwise.dev/status`. */
  readonly resource: string;
  /** `namespace/name`, or empty for a collection. */
  readonly object: string;
  /** How long the server asked us to stay away. */
  readonly retryAfterMs: number | undefined;

  constructor(facts: {
    status: number;
    reason: string;
    message: string;
    verb: string;
    resource: string;
    object: string;
    retryAfterMs?: number | undefined;
    cause?: unknown;
  }) {
    const what = [facts.verb, facts.resource, facts.object].filter((part) => part !== '').join(' ');
    super(`Cannot ${what}: ${facts.message}`, { cause: facts.cause });
    this.name = 'ApiError';
    this.status = facts.status;
    this.reason = facts.reason;
    this.verb = facts.verb;
    this.resource = facts.resource;
    this.object = facts.object;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

export function hasReason(error: unknown, ...reasons: string[]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason);
}
