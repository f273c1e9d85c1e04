import type { Predicted } from './row.ts';

/** What came of asking the model about a product: an answer, later, or why there is none. */
export type Outcome =
  | { status: 'done'; prediction: Predicted }
  | { status: 'pending' }
  | { status: 'none'; reason: string };

/** The columns that hold an outcome. */
export function outcomeColumns(outcome: Outcome) {
  return {
    prediction: outcome.status === 'done' ? JSON.stringify(outcome.prediction) : null,
    prediction_due: outcome.status === 'pending',
    prediction_fault: outcome.status === 'none' ? outcome.reason : null,
    prediction_attempts: 0,
    prediction_claimed_at: null,
  };
}
