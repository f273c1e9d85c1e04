import type { Knex } from 'knex';

/**
 * Products that were tried as often as the backlog tries any. It looks for them before each few that it predicts: while a whole new
 * catalogue waits, that was a scan of all products each time.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX shelfwise_products_given_up ON shelfwise_products (updated_at)
    WHERE prediction_due AND prediction_attempts >= 3
  `);
}
