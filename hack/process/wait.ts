import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for, as the rest of "Waited N s for …". */
  what: string;
  limitMs: number;
  everyMs?: number;
  /** Asked before each try: a sentence ends the waiting at once, because it can't come true any more. */
  hopeless?: () => string | undefined;
}

/**
 * Tries until the answer is not undefined. An exception of a try counts as "not yet"; when the limit is reached
 * the last one is the cause, and its words are in the message.
 */
export async function waitFor<T>(
  attempt: () => Promise<T | undefined>,
  options: WaitOptions,
): Promise<T> {
  const start = performance.now();
  let last: unknown;
  for (;;) {
    const hopeless = options.hopeless?.();
    if (hopeless !== undefined) throw new Error(hopeless, { cause: last });
    try {
      const answer = await attempt();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() - start > options.limitMs) {
      const why = last instanceof Error ? ` Last seen: ${last.message}` : '';
      throw new Error(`Waited ${Math.round(options.limitMs / 1000)} s for ${options.what}.${why}`, {
        cause: last,
      });
    }
    await sleep(options.everyMs ?? 50);
  }
}
