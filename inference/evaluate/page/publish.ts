import type { Store } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';

/** Longer than any holdout is read in; a store that hangs must not cost the facts. */
const patienceMs = 5 * 60_000;

/** Well within the time that a pod has after SIGTERM. */
const removalMs = 5_000;

/**
 * Makes a page and writes it, and gives its URL. Facts and evaluation.json stand by then, and nobody decides by a page: one that
 * cannot be made, or not in time, is logged and gives null, and an earlier one, which would tell of other figures, is removed.
 */
export async function publishPage(
  make: (signal: AbortSignal) => Promise<string>,
  { store, key, log, signal }: { store: Store; key: string; log: Logger; signal: AbortSignal },
): Promise<string | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  try {
    const html = await unless(limit, make(limit));
    const contentType = 'text/html; charset=utf-8';
    await unless(limit, store.write(key, Buffer.from(html), { contentType }));
    return `${store.url}/${key}`;
  } catch (err) {
    log.warn({ err, key }, 'the page was not written; evaluation.json holds its figures');
    // With a limit of its own: the other one may be why there is no page.
    await unless(AbortSignal.timeout(removalMs), store.remove(key)).catch((cause) =>
      log.warn({ err: cause, key }, 'an earlier page may still be there'),
    );
    return null;
  }
}

/** What the work gives, or a rejection as soon as it is of no use any more. */
async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
