import type { Outcome } from './connection.ts';
import { type Spread, spreadOf } from './latencies.ts';

/** How requests ended. */
export interface Ends {
  /** By status. */
  statuses: Record<string, number>;
  /** Connections that gave no answer, by what they said. */
  errors: Record<string, number>;
  /** Milliseconds of those that were answered with 2xx. */
  answered: Spread;
  /** Milliseconds of those that were refused with 503. */
  refused: Spread;
  /** Answers of 503 without Retry-After. */
  withoutRetryAfter: number;
  /** The first body of each status that is not 2xx, cut. */
  samples: Record<string, string>;
}

/** Collects outcomes and how long they took. */
export function createTally() {
  const statuses: Record<string, number> = {};
  const errors: Record<string, number> = {};
  const samples: Record<string, string> = {};
  const answered: number[] = [];
  const refused: number[] = [];
  let withoutRetryAfter = 0;
  return {
    add(outcome: Outcome, milliseconds: number): void {
      if ('error' in outcome) {
        errors[outcome.error] = (errors[outcome.error] ?? 0) + 1;
        return;
      }
      const { status, retryAfter, body } = outcome.response;
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status >= 200 && status < 300) answered.push(milliseconds);
      else samples[status] ??= body.toString('utf8', 0, 300);
      if (status === 503) {
        refused.push(milliseconds);
        if (retryAfter === undefined) withoutRetryAfter++;
      }
    },
    answered: () => answered.length,
    ends: (): Ends => ({
      statuses,
      errors,
      answered: spreadOf(answered),
      refused: spreadOf(refused),
      withoutRetryAfter,
      samples,
    }),
  };
}

/** How many ended otherwise than with 2xx. */
export function failures({ statuses, errors }: Pick<Ends, 'statuses' | 'errors'>): number {
  const sum = (counts: Record<string, number>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const fine = Object.entries(statuses).filter(([status]) => status.startsWith('2'));
  return sum(statuses) - sum(Object.fromEntries(fine)) + sum(errors);
}
