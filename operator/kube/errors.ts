import { ApiError } from './api-error.ts';

/**
 * The closed set of ways in which a reconcile does not reach its end:
 * - Transient: nobody has to do anything; it is tried again with backoff.
 * - Waiting: on something outside that the message names; tried again with backoff.
 * - Stalled: the API server understood and says no to this very object (400, 413, 422). Only another object helps, or another mind
 *   of who refused it: a webhook, a policy, a limit, of which nobody tells us. The message names it. Tried again when the object
 *   changes, and else at the longest interval from the first time on: asking sooner would be asking the same.
 * Everything else that is thrown is a bug of ours: reported as one, tried again with backoff.
 */
export type Outcome = 'Transient' | 'Waiting' | 'Stalled';

export class ReconcileError extends Error {
  readonly outcome: Outcome;
  /** CamelCase, fit for a condition. */
  readonly reason: string;

  constructor(outcome: Outcome, reason: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = outcome;
    this.outcome = outcome;
    this.reason = reason;
  }
}

/** Sorts what a write or read threw into the closed set; undefined is a bug of ours. */
export function classify(error: unknown): ReconcileError | undefined {
  if (error instanceof ReconcileError) return error;
  if (!(error instanceof ApiError)) return undefined;
  const [outcome, reason] = outcomeOf(error);
  return new ReconcileError(outcome, reason, error.message, { cause: error });
}

function outcomeOf(error: ApiError): [Outcome, string] {
  switch (error.status) {
    case 403:
      // Quota and terminating namespaces answer 403 too, and both end without a change of the object.
      return ['Waiting', error.message.includes('exceeded quota') ? 'QuotaExceeded' : error.reason];
    case 400:
    case 413:
    case 422:
      return ['Stalled', error.reason];
    default:
      return ['Transient', error.reason];
  }
}
