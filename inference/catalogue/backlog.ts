import { type Store, StoreUnreachable } from '@shelfwise/trainer-contract';
import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';
import type { Catalogue } from './catalogue.ts';
import { type Outcome, outcomeColumns } from './outcome.ts';
import { isOurs } from './owner.ts';
import { readPicture } from './pictures.ts';
import { ask, type Describable } from './predicting.ts';
import { changeProduct } from './products.ts';
import { type ProductRow, productsTable } from './row.ts';

const batch = 8;
/** A product over which workers, or whole programs, ended so often is not tried any more: it may be why. An index is of this number. */
const mostAttempts = 3;
/** A replica that ended with products in hand leaves them to the others after so long. */
const free =
  "(prediction_claimed_at IS NULL OR prediction_claimed_at < clock_timestamp() - interval '2 minutes')";

/**
 * Predicts some of the products that wait for it, one after the other and only while nobody else asks: those who ask go first.
 * Replicas share the work. A product whose picture the store refuses is told to `tell` and left for some minutes; where the store does not
 * answer, those without pictures go on, and then its problem is thrown. True where there may be more.
 */
export async function predictBacklog(
  catalogue: Catalogue,
  signal: AbortSignal,
  tell: (problem: Problem) => void = () => undefined,
): Promise<boolean> {
  const { database, state } = catalogue;
  const idle = () =>
    !signal.aborted && !state.draining && state.loaded?.engine.state().queued === 0;
  if (!idle() || !(await isOurs(catalogue))) return false;
  await database.query(giveUp);
  const { more, unavailable } = await predictSome(catalogue, signal, idle, 'all');
  if (!unavailable) return more;
  while ((await predictSome(catalogue, signal, idle, 'without pictures')).more);
  if (isAway(unavailable)) throw unavailable;
  tell(unavailable);
  return more;
}

type Which = 'all' | 'without pictures';
type Claimed = Pick<ProductRow, 'id' | 'designation' | 'description' | 'picture' | 'version'>;

async function predictSome(
  catalogue: Catalogue,
  signal: AbortSignal,
  idle: () => boolean,
  which: Which,
): Promise<{ more: boolean; unavailable: Problem | undefined }> {
  const { database, store } = catalogue;
  const claimed = await database.query((knex) => claim(knex, which));
  const left = [...claimed];
  let unavailable: Problem | undefined;
  try {
    for (let row = left[0]; row && idle(); row = left[0]) {
      const described = await describe(store, row);
      if (described instanceof Problem && described.code === 'pictures-unavailable') {
        // Stays claimed, so that those after it have their turn before it comes again.
        left.shift();
        unavailable ??= described;
        if (isAway(described)) break;
        continue;
      }
      if (!(await predictOne(catalogue, row, described, signal))) break;
      left.shift();
    }
  } finally {
    await database.query((knex) => giveBack(knex, left));
  }
  return { more: claimed.length === batch && left.length === 0, unavailable };
}

function isAway({ cause }: Problem): boolean {
  return cause instanceof StoreUnreachable;
}

async function claim(knex: Knex, which: Which): Promise<Claimed[]> {
  const { rows } = await knex.raw(
    `UPDATE ${productsTable} SET prediction_claimed_at = clock_timestamp()
     WHERE id IN (
       SELECT id FROM ${productsTable}
       WHERE prediction_due AND prediction_attempts < ? AND ${free} ${which === 'all' ? '' : 'AND picture IS NULL'}
       ORDER BY updated_at LIMIT ? FOR UPDATE SKIP LOCKED)
     RETURNING id, designation, description, picture, version`,
    [mostAttempts, batch],
  );
  return rows;
}

/** Says of products that were tried often enough, by replicas that may have ended over them, that there is no prediction. */
async function giveUp(knex: Knex): Promise<void> {
  const rows = await knex(productsTable)
    .whereRaw(`prediction_due AND prediction_attempts >= ${mostAttempts} AND ${free}`)
    .orderBy('updated_at')
    .limit(batch)
    .select('id', 'version');
  const reason = 'The worker that predicts ended each time that it was given this product.';
  for (const { id, version } of rows)
    await changeProduct(knex, id, [version], outcomeColumns({ status: 'none', reason }));
}

/** Those that were not tried, as if they had not been claimed. */
async function giveBack(knex: Knex, rows: Claimed[]): Promise<void> {
  for (const { id, version } of rows)
    await knex(productsTable)
      .where({ id, version, prediction_due: true })
      .update({ prediction_claimed_at: null });
}

/** The product with its picture, or why there is none of it. */
async function describe(
  store: Store,
  { designation, description, picture }: Claimed,
): Promise<Describable | Problem> {
  try {
    const bytes = picture === null ? null : await readPicture(store, picture);
    return { designation, description, picture: bytes };
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** False where the model is too busy, or not there. A product that was changed meanwhile waits for its next turn. */
async function predictOne(
  catalogue: Catalogue,
  row: Claimed,
  described: Describable | Problem,
  signal: AbortSignal,
): Promise<boolean> {
  const { database } = catalogue;
  const outcome: Outcome | undefined =
    described instanceof Problem
      ? { status: 'none', reason: described.message }
      : await tried(catalogue, row, described, signal);
  if (outcome?.status === 'pending' && !outcome.lost) return false;
  if (outcome?.status === 'pending') await database.query((knex) => giveBack(knex, [row]));
  else if (outcome)
    await database.query((knex) =>
      changeProduct(knex, row.id, [row.version], outcomeColumns(outcome)),
    );
  return true;
}

/**
 * The attempt is counted, committed, before the model has the product: a product that ends this whole program is known by that. Undefined where it
 * was changed meanwhile.
 */
async function tried(
  { database, state }: Catalogue,
  row: Claimed,
  described: Describable,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const counted = await database.query((knex) => count(knex, row, 1));
  if (!counted) return undefined;
  let outcome: Outcome | undefined;
  try {
    outcome = await ask(state, described, { signal });
  } catch (error) {
    // What is wrong is the product's own.
    if (!(error instanceof Problem)) throw error;
    outcome = { status: 'none', reason: error.message };
  } finally {
    const notTried = !outcome || (outcome.status === 'pending' && !outcome.lost);
    if (notTried) await database.query((knex) => count(knex, row, -1));
  }
  return outcome;
}

/** Counts an attempt, or takes it back. */
async function count(knex: Knex, { id, version }: Claimed, by: 1 | -1): Promise<boolean> {
  const counted = await knex(productsTable)
    .where({ id, version, prediction_due: true })
    .update({
      prediction_attempts: knex.raw('prediction_attempts + ?', [by]),
      prediction_claimed_at: knex.raw('clock_timestamp()'),
    });
  return counted > 0;
}
