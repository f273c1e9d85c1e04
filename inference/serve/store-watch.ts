import { setTimeout as sleep } from 'node:timers/promises';
import { keys, type Store } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';

const everyMs = 15_000;
/** S3's own patience is a minute: a store that is slower than this is no store to a caller. */
const patienceMs = 10_000;

/** Asks the store now and then whether it is there. Predictions do not need it, pictures and evaluations do. */
export function watchStore(store: Store, release: string, log: Logger) {
  let up: boolean | undefined;
  const ended = new AbortController();

  async function check(): Promise<void> {
    const late = sleep(patienceMs, 'late' as const, { signal: ended.signal, ref: false });
    // Rejects when all of it ends, and mostly nobody waits for it then.
    late.catch(() => undefined);
    try {
      const answer = await Promise.race([store.stat(keys.manifest(release)), late]);
      note(answer !== 'late', `it did not answer within ${patienceMs} ms`);
    } catch (err) {
      note(false, err);
    }
  }

  function note(isUp: boolean, err: unknown): void {
    if (ended.signal.aborted || isUp === up) return;
    if (!isUp) log.warn({ err }, 'the store does not answer: predictions go on');
    else if (up === false) log.info('the store answers again');
    up = isUp;
  }

  async function watch(): Promise<void> {
    while (!ended.signal.aborted) {
      await check();
      // Rejects only when it is aborted, and then the loop is over.
      await sleep(everyMs, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    }
  }
  void watch();
  return {
    /** False before the first answer. */
    isUp: () => up === true,
    close: () => ended.abort(),
  };
}
