import { setTimeout as delay } from 'node:timers/promises';
import { isSilence, isTransient } from './s3-errors.ts';

/** How long a store is hoped for. The SDK's own retries are off: they would multiply with these. */
export interface Patience {
  /** No byte for so long, and a request is given up. */
  silenceMs: number;
  /** How often a request is sent at most, */
  attempts: number;
  /** and how many of these may end in silence: a store that says nothing twice says nothing the third time. */
  silences: number;
  /** The pause after the first failure; each further one is twice as long. */
  pauseMs: number;
}

/** At most a minute until a store that accepts connections and never answers is called unreachable; seconds if it refuses them. */
export const usualPatience: Patience = {
  silenceMs: 25_000,
  attempts: 5,
  silences: 2,
  pauseMs: 300,
};

/** For when somebody waits for an answer: some seconds, then they are told. */
export const shortPatience: Patience = {
  silenceMs: 5_000,
  attempts: 3,
  silences: 1,
  pauseMs: 100,
};

/** Counts the failures of one request. */
export function hope(patience: Patience) {
  let failures = 0;
  let silences = 0;
  return {
    /** Bytes came: what failed before is forgotten. */
    progressed(): void {
      failures = 0;
      silences = 0;
    },
    /** Pauses before the next attempt; throws the error where there is to be none. */
    async after(error: unknown): Promise<void> {
      failures++;
      if (isSilence(error)) silences++;
      const over = failures >= patience.attempts || silences >= patience.silences;
      if (over || !isTransient(error)) throw error;
      // Up to a half more, so that pods that failed together do not come back together.
      await delay(patience.pauseMs * 2 ** (failures - 1) * (1 + Math.random() / 2));
    },
  };
}

/** Sends until it succeeds or is to be given up, and then throws what the last attempt threw. `attempt` counts from 1. */
export async function retried<T>(
  patience: Patience,
  send: (attempt: number) => Promise<T>,
): Promise<T> {
  const left = hope(patience);
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(attempt);
    } catch (error) {
      await left.after(error);
    }
  }
}
