import { after } from './long-timeout.ts';

/** A clock that never goes backwards, and an alarm on it. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls back after any number of milliseconds; the function it answers calls that off. */
  after(ms: number, callback: () => void): () => void;
}

export const monotonic: Clock = { now: () => performance.now(), after };
