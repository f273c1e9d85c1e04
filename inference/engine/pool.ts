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
    failures: 0,
  }));
  let closing = false;
  let leftBehind = 0;

  /** Resolves when the worker is ready; rejects when it refuses the model or ends before. */
  function start(slot: Slot): Promise<void> {
    slot.state = 'starting';
    const worker = new Worker(program, { workerData: settings.worker });
    slot.worker = worker;
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') {
          slot.state = 'idle';
          resolve();
          settings.onIdle();
        } else if (message.kind === 'refused') {
          // It ends by itself.
          cause = new ModelRefusedError(message.message);
        } else {
          slot.failures = 0;
          slot.state = 'idle';
          const { pending } = slot;
          slot.pending = undefined;
          pending?.resolve(message);
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

  /**
   * A hung worker is left behind, not terminated: ending a thread inside onnxruntime's native code ends the process.
   * Should it wake, it is told to stop.
   */
  function giveUp(slot: Slot, worker: Worker): void {
    const error = new Error(`it did not answer within ${settings.batchTimeoutMs} ms`);
    worker.removeAllListeners();
    worker.on('error', () => undefined);
    worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    worker.unref();
    fail(slot, error);
    leftBehind++;
    if (leftBehind > settings.workers) settings.onHopeless(leftBehind);
    else restart(slot, error);
  }

  /** The slot has no worker any more; whoever waits for it learns why. */
  function fail(slot: Slot, error: Error): void {
    slot.state = 'closed';
    slot.worker = undefined;
    slot.pending?.reject(
      new WorkerLostError(`an inference worker was lost: ${error.message}`, { cause: error }),
    );
    slot.pending = undefined;
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
      const hung = setTimeout(() => giveUp(slot, worker), settings.batchTimeoutMs);
      slot.pending = {
        resolve: (done) => {
          clearTimeout(hung);
          resolve(done);
        },
        reject: (error) => {
          clearTimeout(hung);
          reject(error);
        },
      };
      try {
        worker.postMessage(message, transfer);
      } catch (error) {
        // A buffer that was given away before cannot be sent; the worker has seen nothing of it.
        slot.state = 'idle';
        slot.pending.reject(error as Error);
        slot.pending = undefined;
      }
    });
  }

  async function close(): Promise<void> {
    closing = true;
    const ended = slots.map(async (slot) => {
      const { worker } = slot;
      if (!worker) return;
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      // Asked, not terminated: see giveUp().
      worker.postMessage({ kind: 'stop' } satisfies ToWorker);
      await exited;
    });
    await Promise.all(ended);
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
