import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';
import type { Catalogue } from './catalogue.ts';
import { type Outcome, outcomeColumns } from './outcome.ts';
import { isOurs } from './owner.ts';
import { readPicture } from './pictures.ts';
import { ask } from './predicting.ts';
import { changeProduct } from './products.ts';
import { type ProductRow, productsTable } from './row.ts';

const batch = 8;
/** A product over which workers ended so often is not tried any more: it may be why. */
const mostAttempts = 3;
/** A replica that ended with products in hand leaves them to the others after so long. */
const claimedFor = "interval '2 minutes'";

/**
 * Predicts some of the products that wait for it, one after the other and only while nobody else asks: those who ask go first.
 * Replicas share the work. True where there may be more.
 */
export async function predictBacklog(catalogue: Catalogue, signal: AbortSignal): Promise<boolean> {
  const { database, state } = catalogue;
  const idle = () =>
    !signal.aborted && !state.draining && state.loaded?.engine.state().queued === 0;
  if (!idle() || !(await isOurs(catalogue))) return false;
  const claimed = await database.query(claim);
  const left = [...claimed];
  try {
    for (let row = left[0]; row && idle(); row = left[0]) {
      const outcome = await outcomeOf(catalogue, row, signal);
      if (outcome.status === 'pending' && !outcome.lost) break;
      await database.query((knex) => record(knex, row, outcome));
      left.shift();
    }
  } finally {
    await database.query((knex) => giveBack(knex, left));
  }
  return claimed.length === batch && left.length === 0;
}

type Claimed = Pick<ProductRow, 'id' | 'designation' | 'description' | 'picture' | 'version'>;

async function claim(knex: Knex): Promise<Claimed[]> {
  const { rows } = await knex.raw(
    `UPDATE ${productsTable} SET prediction_attempts = prediction_attempts + 1, prediction_claimed_at = clock_timestamp()
     WHERE id IN (
       SELECT id FROM ${productsTable}
       WHERE prediction_due AND (prediction_claimed_at IS NULL OR prediction_claimed_at < clock_timestamp() - ${claimedFor})
       ORDER BY updated_at LIMIT ? FOR UPDATE SKIP LOCKED)
     RETURNING id, designation, description, picture, version, prediction_attempts`,
    [batch],
  );
  return rows;
}

/** Those that were not tried, as if they had not been claimed. */
async function giveBack(knex: Knex, rows: Claimed[]): Promise<void> {
  for (const { id, version } of rows)
    await knex(productsTable)
      .where({ id, version, prediction_due: true })
      .update({
        prediction_attempts: knex.raw('prediction_attempts - 1'),
        prediction_claimed_at: null,
      });
}

/** A product that was changed meanwhile waits for its next turn. */
async function record(knex: Knex, { id, version }: Claimed, outcome: Outcome): Promise<void> {
  if (outcome.status !== 'pending') {
    await changeProduct(knex, id, [version], outcomeColumns(outcome));
    return;
  }
  const [lost] = await knex(productsTable)
    .where({ id, version, prediction_due: true })
    .update({ prediction_claimed_at: null })
    .returning('prediction_attempts');
  if (lost && lost.prediction_attempts >= mostAttempts) {
    const reason = 'The worker that predicts ended each time that it was given this product.';
    await changeProduct(knex, id, [version], outcomeColumns({ status: 'none', reason }));
  }
}

async function outcomeOf(
  { state, store }: Catalogue,
  { picture, ...texts }: Claimed,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const bytes = picture === null ? null : await readPicture(store, picture);
    return await ask(state, { ...texts, picture: bytes }, { signal });
  } catch (error) {
    // Without the store nothing can be said; what else is wrong is the product's own.
    if (!(error instanceof Problem) || error.code === 'pictures-unavailable') throw error;
    return { status: 'none', reason: error.message };
  }
}
