import type { Knex } from 'knex';
import { productsTable } from './row.ts';

/** Products whose prediction comes later. */
export interface Waiting {
  products: number;
  /** Since the one that was changed before all others was; 0 where none waits. */
  oldestSeconds: number;
}

/** As many as there are, whichever replica will predict them. */
export async function countWaiting(knex: Knex): Promise<Waiting> {
  const { rows } = await knex.raw(
    `SELECT count(*)::int AS products,
       coalesce(extract(epoch FROM clock_timestamp() - min(updated_at)), 0)::float AS "oldestSeconds"
     FROM ${productsTable} WHERE prediction_due`,
  );
  return rows[0];
}
