import type { ItemFault } from './item.ts';

/** The item itself has no prediction; `fault` says whose fault that is. */
export class ItemError extends Error {
  readonly fault: ItemFault;

  constructor(fault: ItemFault, message: string) {
    super(message);
    this.name = 'ItemError';
    this.fault = fault;
  }
}

/** The engine will not make it in time, or did not: come back after `retryAfterMs`. */
export class OverloadError extends Error {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super(`the engine is busy: this request would not be answered within its deadline`);
    this.name = 'OverloadError';
    this.retryAfterMs = retryAfterMs;
  }
}

/** The worker that had the item ended before it answered. It is replaced; the item is not tried again,
 * since it may be what ended the worker. */
export class WorkerLostError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WorkerLostError';
  }
}

/** The workers started and looked at the model: it cannot be loaded, or is not of the expected shape. */
export class ModelRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ModelRefusedError';
  }
}

/** Whoever asked went away before a worker took the item. */
export class AbandonedError extends Error {
  constructor() {
    super('the caller went away before the prediction was begun');
    this.name = 'AbandonedError';
  }
}
