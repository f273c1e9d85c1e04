import type { Predicted } from './row.ts';

/** What came of asking the model about a product: an answer, later, or why there is none. */
export type Outcome =
  | { status: 'done'; prediction: Predicted }
  /** `lost` where the worker that had it ended: the product may be why, so it is not tried for ever. */
  | { status: 'pending'; lost: boolean }
  | { status: 'none'; reason: string };

/** The columns that hold an outcome. */
export function outcomeColumns(outcome: Outcome) {
  return {
    prediction: outcome.status === 'done' ? JSON.stringify(outcome.prediction) : null,
    prediction_due: outcome.status === 'pending',
    prediction_fault: outcome.status === 'none' ? outcome.reason : null,
    prediction_attempts: outcome.status === 'pending' && outcome.lost ? 1 : 0,
    prediction_claimed_at: null,
  };
}
