import { isMarkedAsUntransferable } from 'node:worker_threads';
import type { Preprocessing } from '@shelfwise/trainer-contract';
import { createComers } from './comers.ts';
import { AbandonedError, ItemError, OverloadError } from './errors.ts';
import type { Item, Prediction, StageTimes } from './item.ts';
import { type BatchDone, type Pool, startPool } from './pool.ts';
import { createQueue } from './queue.ts';
import { createStudies, type Variants } from './studies.ts';

/** Batching gains 1.1× from 1 to 32 items on a CPU, so a batch is small and never waited for. */
const maximumBatch = 8;

/** A batch of eight costs some 50 ms; a worker that needs half a minute will not come back. */
const batchTimeoutMs = 30_000;

export interface EngineSettings {
  modelPath: string;
  preprocessing: Preprocessing;
  /** Number of labels: what each output row must hold. */
  classes: number;
  workers: number;
  /** Items that may wait for a worker. */
  queueCapacity: number;
  onStages?: (stages: StageTimes & { items: number }) => void;
  onQueued?: (ms: number) => void;
  onWorkerLost?: (reason: string) => void;
  /** Workers hang beyond what can be replaced: the process should end. */
  onHopeless?: (leftBehind: number) => void;
  /** Milliseconds after which a batch's worker counts as hung. */
  batchTimeoutMs?: number;
  /** For tests: another worker program. */
  program?: URL;
}

export interface PredictOptions {
  /** Milliseconds from now within which an answer is of use. Without it the item waits as long as it takes. */
  withinMs?: number;
  /** Aborted when the caller is gone: an item that still waits is dropped. */
  signal?: AbortSignal;
  /** The picture's whole buffer may be taken, whatever else lies in it: spares a copy of what is a part of a request. */
  takeBuffer?: boolean;
}

interface Job {
  item: Item;
  since: number;
  deadline: number;
  abandoned: boolean;
  resolve: (prediction: Prediction) => void;
  reject: (error: Error) => void;
}

const now = () => performance.now();

/**
 * The model behind a queue and a pool of workers, one for each core. The same for serving and evaluate.
 * Rejects with ModelRefusedError when the workers cannot load the model or it is not of the expected shape.
 */
export async function startEngine(settings: EngineSettings) {
  const queue = createQueue<Job>({ capacity: settings.queueCapacity, maximumBatch, now });
  let sweep: NodeJS.Timeout | undefined;
  let pool: Pool | undefined;
  let closing = false;
  const comers = createComers();
  const studies = createStudies({
    run: (items) => (pool as Pool).run(items, false),
    mayRun: () => !closing && queue.size() === 0 && (pool?.idle() ?? 0) > 0,
  });

  pool = await startPool({
    workers: settings.workers,
    batchTimeoutMs: settings.batchTimeoutMs ?? batchTimeoutMs,
    worker: {
      modelPath: settings.modelPath,
      preprocessing: settings.preprocessing,
      classes: settings.classes,
      maximumBatch,
    },
    onIdle: dispatch,
    onLost: (reason) => settings.onWorkerLost?.(reason),
    onHopeless: (leftBehind) => settings.onHopeless?.(leftBehind),
    ...(settings.program && { program: settings.program }),
  });
  dispatch();

  function dispatch(): void {
    while (pool && pool.idle() > 0 && queue.size() > 0) {
      const { run, expired, abandoned } = queue.take();
      refuse(expired);
      for (const job of abandoned) job.reject(new AbandonedError());
      if (run.length > 0) void work(pool, run);
    }
    studies.advance();
  }

  async function work(workers: Pool, jobs: Job[]): Promise<void> {
    const started = now();
    for (const job of jobs) settings.onQueued?.(started - job.since);
    let done: BatchDone;
    try {
      done = await workers.run(jobs.map(({ item }) => item));
    } catch (error) {
      queue.lost(jobs.length);
      for (const job of jobs) job.reject(error as Error);
      return;
    }
    queue.served(jobs.length, now() - started);
    settings.onStages?.({ ...done.times, items: jobs.length });
    done.results.forEach((result, i) => {
      const job = jobs[i] as Job;
      if (result.ok) job.resolve(result);
      else job.reject(new ItemError(result.fault, result.message));
    });
  }

  function refuse(jobs: Job[]): void {
    for (const job of jobs) job.reject(new OverloadError(queue.costMs()));
  }

  /** Wakes when the first waiting deadline passes, in case no worker comes for the job. */
  function watchDeadlines(): void {
    const next = queue.nextDeadline();
    if (sweep || next === undefined || next === Number.POSITIVE_INFINITY) return;
    sweep = setTimeout(
      () => {
        sweep = undefined;
        refuse(queue.expire());
        watchDeadlines();
      },
      Math.min(Math.max(0, next - now()) + 1, 60_000),
    );
    sweep.unref();
  }

  return {
    /**
     * At the door, before an item has come: throws OverloadError where it would not be answered within `withinMs` of now, so
     * that nobody uploads what is refused anyway. What it returns is to be called when the item has come, or will not.
     */
    enter(withinMs: number): () => void {
      const late = closing
        ? 0
        : queue.refusal(now() + withinMs, pool?.alive() ?? 0, comers.count());
      if (late !== undefined) throw new OverloadError(late);
      return comers.add();
    },

    /**
     * Rejects with ItemError (this item has no prediction), OverloadError (not in time), AbandonedError
     * or WorkerLostError. Takes the picture's buffer: the caller's view is empty afterwards.
     */
    predict(item: Item, options: PredictOptions = {}): Promise<Prediction> {
      const { withinMs, signal, takeBuffer = false } = options;
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(new AbandonedError());
          return;
        }
        const since = now();
        const deadline = withinMs === undefined ? Number.POSITIVE_INFINITY : since + withinMs;
        const onAbort = () => {
          job.abandoned = true;
        };
        // A signal may live as long as the process: what it holds on to would never be freed.
        const settle = (how: () => void) => {
          signal?.removeEventListener('abort', onAbort);
          how();
        };
        const job: Job = {
          item: ownBuffer(item, takeBuffer),
          since,
          deadline,
          abandoned: false,
          resolve: (prediction) => settle(() => resolve(prediction)),
          reject: (error) => settle(() => reject(error)),
        };
        const admission = closing
          ? { admitted: false as const, retryAfterMs: 0 }
          : queue.admit(job, pool?.alive() ?? 0);
        if (!admission.admitted) {
          reject(new OverloadError(admission.retryAfterMs));
          return;
        }
        signal?.addEventListener('abort', onAbort);
        dispatch();
        if (queue.size() > 0) watchDeadlines();
      });
    },

    /**
     * Answers many variants of one product, for explanations: a few at a time, on one worker, only while nothing waits that
     * predict() was asked; nothing is asked of `variants` before. Null where a variant has nothing to go by. Rejects as predict()
     * does. Pictures are not taken; variants that share one have it decoded once.
     */
    study: (variants: Variants, options: PredictOptions = {}) =>
      closing ? Promise.reject(new OverloadError(0)) : studies.add(variants, options),

    /** Edge S of the picture that the model sees, in pixels. */
    pictureSize: settings.preprocessing.image.size,

    state: () => ({
      queued: queue.size(),
      studies: studies.size(),
      workers: pool?.size ?? 0,
      alive: pool?.alive() ?? 0,
      busy: pool?.busy() ?? 0,
      hung: pool?.hung() ?? 0,
    }),

    /** For when nothing is asked any more: what still waits is refused, what runs is finished. */
    async close(): Promise<void> {
      closing = true;
      clearTimeout(sweep);
      studies.close();
      while (queue.size() > 0) {
        const { run, expired, abandoned } = queue.take();
        refuse([...run, ...expired, ...abandoned]);
      }
      await pool?.close();
    },
  };
}

export type Engine = Awaited<ReturnType<typeof startEngine>>;

/**
 * A picture whose buffer cannot be given away is copied: Node pools small buffers, and native code (sharp) keeps its own.
 */
function ownBuffer(item: Item, takeBuffer: boolean): Item {
  const { picture } = item;
  if (!picture) return item;
  const { buffer, byteLength } = picture;
  const isOwn = takeBuffer || byteLength === buffer.byteLength;
  if (isOwn && !isMarkedAsUntransferable(buffer)) return item;
  return { ...item, picture: new Uint8Array(picture) };
}
