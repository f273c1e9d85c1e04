import { AbandonedError } from '../engine/errors.ts';
import type { Context } from './state.ts';

/**
 * Runs work that is of use only while the caller is there: each with a signal of its own, aborted when the connection closes.
 * One signal for all of them would keep a listener for every product of a batch. Rejects with AbandonedError once it is closed.
 */
export function callersPresence({ res }: Context) {
  const running = new Set<AbortController>();
  res.once('close', () => {
    for (const each of running) each.abort();
  });
  return async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (res.destroyed) throw new AbandonedError();
    const controller = new AbortController();
    running.add(controller);
    try {
      return await work(controller.signal);
    } finally {
      running.delete(controller);
    }
  };
}
