import { setTimeout as sleep } from 'node:timers/promises';

export interface RateLimit {
  /** Requests a second, in the long run. */
  qps: number;
  /** Requests that may go at once after a pause. */
  burst: number;
}

/**
 * A fuse against a loop of our own, not a means of fairness: that is the API server's (API Priority and Fairness answers 429 to
 * whom it has to, and we do as it says). controller-runtime has none at all for that reason; client-go's old default of 5 a
 * second starved controllers whose API server was idle.
 */
export const defaultRateLimit: RateLimit = { qps: 200, burst: 400 };

export interface TokenBucket {
  /** Resolves when it is this request's turn, in the order asked; answers the seconds waited. Rejects when the signal aborts. */
  take(signal?: AbortSignal): Promise<number>;
}

/** Tokens come back at `qps` up to `burst`. Who finds none owes one, and waits for the moment when it will be there. */
export function createTokenBucket(
  { qps, burst }: RateLimit,
  now: () => number = () => performance.now(),
  wait: (ms: number, signal?: AbortSignal) => Promise<void> = waitFor,
): TokenBucket {
  let tokens = burst;
  let counted = now();
  return {
    async take(signal) {
      signal?.throwIfAborted();
      const at = now();
      tokens = Math.min(burst, tokens + ((at - counted) / 1000) * qps) - 1;
      counted = at;
      if (tokens >= 0) return 0;
      try {
        await wait((-tokens / qps) * 1000, signal);
      } catch (error) {
        tokens++;
        throw error;
      }
      return (now() - at) / 1000;
    },
  };
}

async function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {});
}
