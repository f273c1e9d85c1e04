import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import { backoff } from './backoff.ts';

export interface RetrySettings {
  attempts: number;
  baseDelayMs: number;
  maximumDelayMs: number;
  /** A longer Retry-After is not waited for here: the error goes to the caller, who has other work. */
  maximumRetryAfterMs: number;
  random?: () => number;
}

export const defaultRetries: RetrySettings = {
  attempts: 4,
  baseDelayMs: 100,
  maximumDelayMs: 3_000,
  maximumRetryAfterMs: 10_000,
};

/** Node's and undici's codes of a connection that never came about: whatever was to be sent was not. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether the same request may be sent again: always if it was surely not acted on, else only if twice is as good as once. */
export function mayRetry(error: ApiError, idempotent: boolean): boolean {
  // Our own guard's no does not become a yes.
  if (error.reason === 'Withheld') return false;
  if (error.status === 429 || error.reason === 'NoCredentials') return true;
  if (error.status === 0 && neverSent.has(codeOf(error.cause))) return true;
  return idempotent && (error.status === 0 || error.status >= 500);
}

/** Tries until it succeeds, may not be tried again, or has been tried often enough; throws the last error. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { idempotent, signal }: { idempotent: boolean; signal: AbortSignal | undefined },
  settings: RetrySettings = defaultRetries,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || signal?.aborted) throw error;
      const asked = error.retryAfterMs ?? 0;
      const enough = failures >= settings.attempts || asked > settings.maximumRetryAfterMs;
      if (enough || !mayRetry(error, idempotent)) throw error;
      // Jitter on top of what was asked: never sooner, and not all clients in the same moment.
      const wait = asked + backoff(failures, settings, settings.random);
      await sleep(wait, undefined, signal ? { signal } : {}).catch(() => {
        throw error;
      });
    }
  }
}

function codeOf(cause: unknown): string {
  const { code, errors } = (cause ?? {}) as { code?: string; errors?: unknown[] };
  // Node tries all addresses of a name and reports an AggregateError.
  return code ?? (errors?.length ? codeOf(errors[0]) : '');
}
