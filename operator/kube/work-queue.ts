import { type BackoffSettings, backoff } from './backoff.ts';
import { ReconcileError } from './errors.ts';
import { after } from './long-timeout.ts';

export interface ReconcileResult {
  /** Come again after this long, if nothing happens before. */
  requeueAfterMs?: number;
}

/** What it answers, or throws, settles when its key comes next: delays asked for before no longer count. */
export type Reconcile = (key: string) => Promise<ReconcileResult | undefined>;

export interface WorkQueueOptions {
  reconcile: Reconcile;
  /** How many keys at a time; one key is never reconciled twice at a time. */
  concurrency?: number;
  backoff?: BackoffSettings;
  /** Told of each error, with the wait before the next try; undefined: Stalled, not tried again by itself. */
  onError?: (key: string, error: unknown, retryInMs: number | undefined) => void;
  observe?: WorkQueueObserver;
  random?: () => number;
}

export interface WorkQueueObserver {
  depth(keys: number): void;
  /** From the moment a key was added until its reconcile began. */
  waited(seconds: number): void;
  worked(seconds: number, outcome: 'done' | 'failed'): void;
  retried(): void;
}

export interface WorkQueue {
  /** Reconcile this key soon. A key that waits already is not added twice; one that is being reconciled comes again. */
  add(key: string): void;
  /** The earliest of several delays of one key counts. Any number of milliseconds. */
  addAfter(key: string, ms: number): void;
  /** Works until the signal aborts, then waits for what has begun. */
  run(signal: AbortSignal): Promise<void>;
}

/** client-go starts at 5 ms; a second try that soon mostly meets the same stale cache. */
const defaultBackoff: BackoffSettings = { baseDelayMs: 200, maximumDelayMs: 300_000 };

/** First come, first served; a key that is busy waits behind the others, so that no key keeps another from its turn. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { reconcile, concurrency = 4, observe } = options;
  /** Keys whose turn comes, in order, with the time they were added. */
  const ready = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  /** Added while they ran. */
  const again = new Map<string, number>();
  const delayed = new Map<string, { due: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  let state: 'new' | 'open' | 'closed' = 'new';

  function add(key: string): void {
    const waiting = running.has(key) ? again : ready;
    if (!waiting.has(key)) waiting.set(key, performance.now());
    observe?.depth(ready.size);
    next();
  }

  function addAfter(key: string, ms: number): void {
    if (state === 'closed') return;
    const due = performance.now() + ms;
    const earlier = delayed.get(key);
    if (earlier && earlier.due <= due) return;
    earlier?.cancel();
    const cancel = after(ms, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { due, cancel });
  }

  function next(): void {
    while (state === 'open' && running.size < concurrency) {
      const first = ready.entries().next().value;
      if (!first) return;
      const [key, since] = first;
      ready.delete(key);
      delayed.get(key)?.cancel();
      delayed.delete(key);
      observe?.depth(ready.size);
      observe?.waited((performance.now() - since) / 1000);
      running.set(key, work(key));
    }
  }

  async function work(key: string): Promise<void> {
    const started = performance.now();
    const took = () => (performance.now() - started) / 1000;
    try {
      const result = await reconcile(key);
      failures.delete(key);
      if (result?.requeueAfterMs !== undefined) addAfter(key, result.requeueAfterMs);
      observe?.worked(took(), 'done');
    } catch (error) {
      observe?.worked(took(), 'failed');
      options.onError?.(key, error, retry(key, error));
    }
    running.delete(key);
    const since = again.get(key);
    again.delete(key);
    if (since !== undefined) ready.set(key, since);
    next();
  }

  function retry(key: string, error: unknown): number | undefined {
    if (error instanceof ReconcileError && error.outcome === 'Stalled') {
      failures.delete(key);
      return undefined;
    }
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    const wait = backoff(count, options.backoff ?? defaultBackoff, options.random);
    observe?.retried();
    addAfter(key, wait);
    return wait;
  }

  return {
    add,
    addAfter,
    async run(signal) {
      state = 'open';
      next();
      await aborted(signal);
      state = 'closed';
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
