import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { keys, StepError, type Store, StoreUnreachable } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';

export interface FetchSettings {
  store: Store;
  release: string;
  /** `sha256:<hex>` that the tar must have. */
  digest: string;
  dir: string;
  log: Logger;
  /** How long an unreachable store is tried again. */
  patienceMs: number;
  signal?: AbortSignal | undefined;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
  now?: () => number;
}

const pauseFor = (ms: number, signal?: AbortSignal) =>
  setTimeout(ms, undefined, signal && { signal });
const firstPauseMs = 250;
const longestPauseMs = 15_000;

/**
 * Downloads the model tar of a release and checks its digest; gives the path. A store that does not answer is tried again
 * with growing pauses. A digest that is wrong is tried once more (the transfer may be to blame), then it is BadData.
 */
export async function fetchModelTar(settings: FetchSettings): Promise<string> {
  const { store, release, digest, dir, log, patienceMs, signal } = settings;
  const { sleep = pauseFor, now = Date.now } = settings;
  const key = keys.model(release, digest);
  const path = join(dir, 'model.tar');
  const end = now() + patienceMs;
  let mismatches = 0;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      const { sha256 } = await unlessAborted(signal, store.readToFile(key, path));
      if (sha256 === digest) return path;
      if (++mismatches > 1) throw changed(store, key, sha256, digest);
      log.warn(
        { key, sha256 },
        'the model tar has another digest than asked for; it is downloaded once more',
      );
    } catch (error) {
      if (!(error instanceof StoreUnreachable) || now() + pause > end) throw error;
      log.warn(
        { err: error, retryInMs: pause },
        'the store does not answer; the download is tried again',
      );
    }
    await sleep(pause, signal);
    signal?.throwIfAborted();
  }
}

/** The work's result; rejects with the signal's reason as soon as that is aborted, since a store may take long to fail. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  const done = new AbortController();
  const aborted = once(signal, 'abort', { signal: done.signal }).then(() => {
    throw signal.reason;
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    aborted.catch(() => undefined);
    done.abort();
  }
}

function changed(store: Store, key: string, seen: string, asked: string): StepError {
  return new StepError(
    'BadData',
    `The object ${key} in ${store.url} has the digest ${seen}, not ${asked}: it was changed after it was published, so it is not served.`,
  );
}
