import '@shelfwise/trainer-contract/onnxruntime';
import { Worker } from 'node:worker_threads';
import { PictureError } from '@shelfwise/trainer-contract';
import type { FromWorker, PictureTask, ToWorker } from './task.ts';

/** Worker threads that turn encoded pictures into records. */
export interface PicturePool {
  /** How many pictures keep all workers busy. */
  readonly capacity: number;
  /**
   * @returns the record of the picture
   * @throws PictureError if it cannot be decoded; Error if the worker that had it ended
   */
  run(picture: Uint8Array): Promise<Uint8Array>;
  /** Waits for the pictures that are in a worker's hands, a few milliseconds each, and ends the workers. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly task: PictureTask;
  readonly workers: number;
  /** Which program a worker runs; tests pass one that fails. */
  readonly program?: URL;
}

/** One that the backbone works on, and one that is being decoded. */
const inHand = 2;

interface Pending {
  resolve(record: Uint8Array): void;
  reject(error: Error): void;
}

interface Member {
  readonly worker: Worker;
  /** In the order in which the worker was given them, and will answer. */
  readonly pending: Pending[];
}

/** Starts the workers and waits until each is ready. Throws if one ends before. */
export async function startPicturePool(options: PoolOptions): Promise<PicturePool> {
  const waiting: { message: Required<ToWorker>; pending: Pending }[] = [];
  const members: Member[] = [];
  let lost: Error | undefined;

  function feed(member: Member): void {
    while (member.pending.length < inHand) {
      const next = waiting.shift();
      if (!next) return;
      member.pending.push(next.pending);
      member.worker.postMessage(next.message, [next.message.picture.buffer as ArrayBuffer]);
    }
  }

  function fail(error: Error): void {
    lost ??= error;
    const all = [...members.flatMap(({ pending }) => pending.splice(0)), ...waiting.splice(0)];
    for (const each of all) ('pending' in each ? each.pending : each).reject(error);
  }

  function start(): Promise<void> {
    const program = options.program ?? new URL('./worker.ts', import.meta.url);
    const worker = new Worker(program, { workerData: options.task });
    const member: Member = { worker, pending: [] };
    members.push(member);
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      worker.on('error', (error) => {
        cause = error instanceof Error ? error : new Error(String(error));
      });
      worker.on('exit', (code) => {
        members.splice(members.indexOf(member), 1);
        const why = cause?.message ?? `it ended with code ${code}`;
        const error = new Error(`A worker for pictures was lost: ${why}.`, { cause });
        reject(error);
        if (cause || code !== 0 || member.pending.length > 0) {
          fail(error);
          for (const each of member.pending.splice(0)) each.reject(error);
        }
      });
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') return resolve();
        const pending = member.pending.shift();
        if (message.kind === 'record') pending?.resolve(message.record);
        else pending?.reject(new PictureError(message.message));
        feed(member);
      });
    });
  }

  async function close(): Promise<void> {
    fail(new Error('The workers for pictures are being stopped.'));
    const ended = members.map(({ worker }) => {
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      // Asked, not terminated: ending a thread inside onnxruntime's native code ends the process.
      worker.postMessage({} satisfies ToWorker);
      return exited;
    });
    await Promise.all(ended);
  }

  try {
    await Promise.all(Array.from({ length: options.workers }, start));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    capacity: options.workers * inHand,
    run: (picture) =>
      new Promise((resolve, reject) => {
        if (lost) return reject(lost);
        // A copy to give away: the picture may be a part of a larger buffer, which would go with it.
        const message = { picture: Uint8Array.from(picture) };
        waiting.push({ message, pending: { resolve, reject } });
        const idlest = members.toSorted((a, b) => a.pending.length - b.pending.length)[0];
        if (idlest) feed(idlest);
      }),
    close,
  };
}
