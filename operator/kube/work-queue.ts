export interface ReconcileResult {
  /** Come again after this long, if nothing happens before. */
  requeueAfterMs?: number;
}

export type Reconcile = (key: string) => Promise<ReconcileResult | undefined>;

export interface WorkQueue {
  /** Reconcile this key soon. A key that waits already is not added twice; one that is being reconciled comes again. */
  add(key: string): void;
  /** The earliest of several delays of one key counts. Any number of milliseconds. */
  addAfter(key: string, ms: number): void;
  /** Works until the signal ends it, then waits for what has begun. */
  run(signal: AbortSignal): Promise<void>;
}
