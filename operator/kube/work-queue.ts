import { ApiError } from './api-error.ts';
import { type BackoffSettings, backoff } from './backoff.ts';
import { type Clock, monotonic } from './clock.ts';
import { createDelays } from './delays.ts';
import { classify } from './errors.ts';
import { createLanes, type Lane } from './lanes.ts';

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
  /** Told of each error, with the wait before the next try. */
  onError?: (key: string, error: unknown, retryInMs: number) => void;
  observe?: WorkQueueObserver;
  random?: () => number;
  clock?: Clock;
}

export interface WorkQueueObserver {
  depth(keys: number): void;
  /** From the moment a key was added until its reconcile began. */
  waited(seconds: number, lane: Lane): void;
  worked(seconds: number, outcome: 'done' | 'failed'): void;
  retried(): void;
}

export interface WorkQueueState {
  /** Keys that wait for their turn. */
  ready: number;
  /** Keys that come at a time of their own. */
  delayed: number;
  running: number;
  /** For how long the reconcile that began first goes on: what hangs shows here. */
  longestRunningSeconds: number;
}

export interface WorkQueue {
  /** Reconcile this key soon. A key that waits already is not added twice; one that is being reconciled comes again. */
  add(key: string, lane?: Lane): void;
  /** The earliest of several delays of one key counts. Any number of milliseconds; throws RangeError for NaN. */
  addAfter(key: string, ms: number): void;
  state(): WorkQueueState;
  /** Works until the signal aborts, then waits for what has begun. Once. Throws what onError or an observer throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** client-go starts at 5 ms; a second try that soon mostly meets the same stale cache. */
const defaultBackoff: BackoffSettings = { baseDelayMs: 200, maximumDelayMs: 300_000 };

/** The API server is away or ill: when it is back, nobody is to sleep for minutes more. */
const illMaximumMs = 30_000;

/** First come, first served, by lane; a key that is busy waits behind the others, so that none keeps another from its turn. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { reconcile, concurrency = 4, observe, clock = monotonic } = options;
  const ready = createLanes();
  /** Keys that are being reconciled, with the time they began, in that order. */
  const running = new Map<string, number>();
  /** Added while they ran. */
  const again = new Map<string, { lane: Lane; since: number }>();
  const failures = new Map<string, number>();
  const delayed = createDelays(clock, (key) => add(key, failures.has(key) ? 'later' : 'soon'));
  /** Resolved when the last reconcile ended after the end, rejected by a bug in what watches the queue. */
  const drained = Promise.withResolvers<void>();
  let state: 'new' | 'open' | 'closed' = 'new';

  function add(key: string, lane: Lane = 'soon'): void {
    if (state === 'closed') return;
    const since = clock.now();
    const before = again.get(key);
    if (!running.has(key)) ready.add(key, lane, since);
    else if (!before || lane === 'soon') again.set(key, { lane, since: before?.since ?? since });
    observe?.depth(ready.size());
    next();
  }

  function addAfter(key: string, ms: number): void {
    // It would stand at the head of all that wait, and never come.
    if (Number.isNaN(ms)) throw new RangeError(`The key ${key} can’t come after NaN ms.`);
    if (state !== 'closed') delayed.add(key, clock.now() + ms);
  }

  function next(): void {
    while (state === 'open' && running.size < concurrency) {
      const turn = ready.next();
      if (!turn) return;
      const { key, lane, since } = turn;
      delayed.remove(key);
      running.set(key, clock.now());
      observe?.depth(ready.size());
      observe?.waited((clock.now() - since) / 1000, lane);
      work(key).catch(drained.reject);
    }
  }

  async function work(key: string): Promise<void> {
    const started = clock.now();
    const took = () => (clock.now() - started) / 1000;
    try {
      const result = await reconcile(key);
      if (result?.requeueAfterMs !== undefined) addAfter(key, result.requeueAfterMs);
      failures.delete(key);
      observe?.worked(took(), 'done');
    } catch (error) {
      observe?.worked(took(), 'failed');
      options.onError?.(key, error, retry(key, error));
    }
    running.delete(key);
    const more = again.get(key);
    again.delete(key);
    if (more) ready.add(key, more.lane, more.since);
    next();
    if (state === 'closed' && running.size === 0) drained.resolve();
  }

  function retry(key: string, error: unknown): number {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    // Stalled waits as long as it ever does: what was refused is refused again.
    const stalled = classify(error)?.outcome === 'Stalled';
    const { baseDelayMs, maximumDelayMs } = options.backoff ?? defaultBackoff;
    const api = apiErrorOf(error);
    const longest = api && isIll(api) ? Math.min(maximumDelayMs, illMaximumMs) : maximumDelayMs;
    const own = backoff(
      stalled ? Number.POSITIVE_INFINITY : count,
      { baseDelayMs, maximumDelayMs: longest },
      options.random,
    );
    const wait = Math.min(api?.retryAfterMs ?? 0, maximumDelayMs) + own;
    observe?.retried();
    addAfter(key, wait);
    return wait;
  }

  function close(): void {
    state = 'closed';
    delayed.clear();
    if (running.size === 0) drained.resolve();
  }

  return {
    add,
    addAfter,
    state() {
      const [first] = running.values();
      return {
        ready: ready.size(),
        delayed: delayed.size(),
        running: running.size,
        longestRunningSeconds: first === undefined ? 0 : (clock.now() - first) / 1000,
      };
    },
    async run(signal) {
      if (state !== 'new') throw new Error('A work queue runs once.');
      state = 'open';
      // In the moment of the signal, not some promises later: nothing more is begun.
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      next();
      try {
        await drained.promise;
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    },
  };
}

/** What the API server said, or did not say, at the bottom of an error. */
function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  return error instanceof Error ? apiErrorOf(error.cause) : undefined;
}

function isIll({ status }: ApiError): boolean {
  return status === 0 || status >= 500;
}
