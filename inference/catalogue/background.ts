import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface Repeating {
  /** What it does, for the log. */
  name: string;
  everyMs: number;
  /** After a failure. */
  againMs: number;
  /** Does some of it; true where there is more to do at once. */
  work: (signal: AbortSignal) => Promise<boolean>;
  log: Logger;
}

/** Does the work again and again until it is stopped, which waits for what is under way. A failure is logged, and tried again. */
export function repeat({ name, everyMs, againMs, work, log }: Repeating): () => Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  // Replicas that start together do not work together.
  const someOf = (ms: number) => ms * (0.5 + Math.random() / 2);

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = everyMs;
      try {
        if (await work(signal)) pauseMs = 0;
      } catch (err) {
        if (!signal.aborted) log.warn({ err }, `${name} failed; it is tried again`);
        pauseMs = againMs;
      }
      // Rejects only when it is aborted, and then the loop is over.
      await sleep(someOf(pauseMs), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
  const running = run();
  return () => {
    ended.abort();
    return running;
  };
}
