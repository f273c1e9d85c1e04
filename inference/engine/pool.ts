import '@shelfwise/trainer-contract/onnxruntime';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ModelRefusedError, WorkerLostError } from './errors.ts';
import type { FromWorker, Item, ItemResult, StageTimes, ToWorker, WorkerSettings } from './item.ts';

export interface BatchDone {
  results: ItemResult[];
  times: StageTimes;
}

export interface PoolSettings {
  workers: number;
  worker: WorkerSettings;
  /** A batch that takes longer counts as a hung worker. */
  batchTimeoutMs: number;
  /** A worker became free: give it work now by `pool.run`, or leave it idle. */
  onIdle: () => void;
  /** A worker ended on its own; another is started. */
  onLost: (reason: string) => void;
  /** More workers hang than there should be at work, and each holds a core and a model: only a new process helps. */
  onHopeless: (leftBehind: number) => void;
  /** Which program a worker runs; tests pass one that fails in chosen ways. */
  program?: URL;
}

interface Slot {
  worker: Worker | undefined;
  state: 'starting' | 'idle' | 'busy' | 'closed';
  pending: { resolve: (done: BatchDone) => void; reject: (error: Error) => void } | undefined;
  /** Runs while a batch does, or a worker is asked to end. */
  patience: NodeJS.Timeout | undefined;
  /** Called when the worker has ended or is given up. */
  gone: () => void;
  failures: number;
}

const firstRestartMs = 100;
const longestRestartMs = 10_000;

/**
 * A fixed number of worker threads, each with one batch at a time. One that ends or hangs is replaced
 * after a pause that grows while it keeps failing; its batch is rejected with WorkerLostError.
 */
export async function startPool(settings: PoolSettings) {
  const program = settings.program ?? new URL('./worker.ts', import.meta.url);
  const slots: Slot[] = Array.from({ length: settings.workers }, () => ({
    worker: undefined,
    state: 'starting',
    pending: undefined,
    patience: undefined,
    gone: () => undefined,
    failures: 0,
  }));
  let closing = false;
  let leftBehind = 0;

  /** Resolves when the worker is ready; rejects when it refuses the model or ends before. */
  async function start(slot: Slot): Promise<void> {
    slot.state = 'starting';
    const worker = new Worker(program, { workerData: settings.worker });
    slot.worker = worker;
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') {
          slot.state = 'idle';
          resolve();
          if (!closing) settings.onIdle();
        } else if (message.kind === 'refused') {
          // It ends by itself.
          cause = new ModelRefusedError(message.message);
        } else {
          slot.failures = 0;
          settle(slot, 'idle')?.resolve(message);
          if (!closing) settings.onIdle();
        }
      });
      worker.on('error', (error) => {
        cause = error instanceof Error ? error : new Error(String(error));
      });
      worker.on('exit', (code) => {
        const started = slot.state !== 'starting';
        const error = cause ?? new Error(`it ended with code ${code}`);
        fail(slot, error);
        reject(error);
        if (!closing && started) restart(slot, error);
      });
    });
  }

  function restart(slot: Slot, error: Error): void {
    settings.onLost(error.message);
    const pause = Math.min(longestRestartMs, firstRestartMs * 2 ** slot.failures);
    slot.failures++;
    setTimeout(() => {
      if (!closing) start(slot).catch((again: Error) => !closing && restart(slot, again));
    }, pause).unref();
  }

  /** Gives the slot's worker up unless it answers in time. */
  function watch(slot: Slot, worker: Worker): void {
    const { batchTimeoutMs } = settings;
    const due = performance.now() + batchTimeoutMs;
    clearTimeout(slot.patience);
    slot.patience = setTimeout(() => {
      // A timer that comes this late tells that the process stood still (a pod that is frozen), and its workers with it.
      if (performance.now() - due > batchTimeoutMs / 2) watch(slot, worker);
      else giveUp(slot, worker);
    }, batchTimeoutMs);
  }

  /**
   * A hung worker is left behind, not terminated: ending a thread inside onnxruntime's native code ends the process.
   * Should it wake, it is told to stop.
   */
  function giveUp(slot: Slot, worker: Worker): void {
    const error = new Error(`it did not answer within ${settings.batchTimeoutMs} ms`);
    worker.removeAllListeners();
    worker.on('error', () => undefined);
    worker.on('exit', () => leftBehind--);
    worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    worker.unref();
    leftBehind++;
    fail(slot, error);
    if (closing) return;
    if (leftBehind > settings.workers) settings.onHopeless(leftBehind);
    restart(slot, error);
  }

  /** The slot has no worker any more; whoever waits for it learns why. */
  function fail(slot: Slot, error: Error): void {
    slot.worker = undefined;
    settle(slot, 'closed')?.reject(
      new WorkerLostError(`an inference worker was lost: ${error.message}`, { cause: error }),
    );
    slot.gone();
  }

  /** The slot's batch is over, however it ended: gives who waits for it. */
  function settle(slot: Slot, state: Slot['state']): Slot['pending'] {
    const { pending } = slot;
    if (state === 'closed' || !closing) clearTimeout(slot.patience);
    slot.state = state;
    slot.pending = undefined;
    return pending;
  }

  /** Rejects with WorkerLostError. `give`: the pictures' buffers go to the worker, and are empty here afterwards. */
  function run(items: Item[], give = true): Promise<BatchDone> {
    const slot = slots.find(({ state }) => state === 'idle');
    if (!slot?.worker) throw new Error('run() is only called while a worker is idle');
    const { worker } = slot;
    slot.state = 'busy';
    const transfer = items.flatMap(({ picture }) =>
      give && picture ? [picture.buffer as ArrayBuffer] : [],
    );
    const message: ToWorker = { kind: 'batch', items };
    return new Promise<BatchDone>((resolve, reject) => {
      slot.pending = { resolve, reject };
      watch(slot, worker);
      try {
        worker.postMessage(message, transfer);
      } catch (error) {
        // A buffer that was given away before cannot be sent; the worker has seen nothing of it.
        settle(slot, 'idle')?.reject(error as Error);
      }
    });
  }

  let closed: Promise<unknown> | undefined;

  async function close(): Promise<void> {
    closed ??= end();
    await closed;
  }

  function end(): Promise<unknown> {
    closing = true;
    const ended = slots.map(async (slot) => {
      const { worker } = slot;
      if (!worker) return;
      const gone = new Promise<void>((resolve) => {
        slot.gone = resolve;
      });
      // Asked, not terminated: see giveUp(). A batch that runs is finished first.
      worker.postMessage({ kind: 'stop' } satisfies ToWorker);
      watch(slot, worker);
      await gone;
    });
    return Promise.all(ended);
  }

  try {
    // A few at a time: each reads the whole model, and a pod of many cores would hold it in memory twice over.
    await startAll(slots, start);
  } catch (error) {
    await close();
    throw error;
  }

  const inState = (state: Slot['state']) => slots.filter((slot) => slot.state === state).length;
  return {
    run,
    close,
    idle: () => inState('idle'),
    busy: () => inState('busy'),
    hung: () => leftBehind,
    alive: () => inState('idle') + inState('busy'),
    size: slots.length,
  };
}

async function startAll(slots: Slot[], start: (slot: Slot) => Promise<void>): Promise<void> {
  const atOnce = Math.max(1, Math.min(4, availableParallelism()));
  for (let i = 0; i < slots.length; i += atOnce) {
    await Promise.all(slots.slice(i, i + atOnce).map(start));
  }
}

export type Pool = Awaited<ReturnType<typeof startPool>>;
