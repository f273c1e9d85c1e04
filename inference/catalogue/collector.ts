import { keys, StoreUnreachable } from '@shelfwise/trainer-contract';
import { StepError } from '@shelfwise/trainer-contract/messages';
import type { Knex } from 'knex';
import type { Catalogue } from './catalogue.ts';
import { isOurs } from './owner.ts';
import { picturesTable } from './pictures.ts';
import { productsTable } from './row.ts';

/** The lock's number is ours for good: every version of the program must ask for the same. */
const advisoryLock = 7_435_296_272;

/**
 * How long a picture stays that no product names: a snapshot that has read the product still reads the picture, within hours usually and
 * a week in any case; an upload whose product never came was given up long before.
 */
export const graceHours = 7 * 24;
/** A replica that ended while it removed a picture leaves it to others, long after its request can have reached the store. */
const abandonedAfter = "interval '10 minutes'";
const patienceMs = 4 * 60_000;
const batch = 100;

/**
 * Removes pictures that no product has named for `graceHours`, some at a time: first their rows say so, committed, so that no product can name
 * them any more, then the objects go, then the rows. What the store refuses to remove, and what was not come to, stays of use. True where there may be more.
 */
export async function collectPictures(
  { database, store }: Pick<Catalogue, 'database' | 'store'>,
  signal: AbortSignal,
  hours = graceHours,
): Promise<boolean> {
  if (!(await isOurs({ database, store }))) return false;
  const doomed = await database.query((knex) => knex.transaction((trx) => doom(trx, hours)));
  const until = performance.now() + patienceMs;
  const left = [...doomed];
  try {
    for (let next = left[0]; next; next = left[0]) {
      const { sha256 } = next;
      // Late, another replica may have removed it already, and somebody sent it anew.
      if (signal.aborted || performance.now() > until) return false;
      try {
        await store.remove(keys.picture(sha256));
      } catch (error) {
        // A request without an answer may still be done: only one that was refused is over.
        if (!isRefusal(error)) left.shift();
        throw error;
      }
      left.shift();
      await database.query((knex) =>
        knex(picturesTable).where({ sha256 }).whereNotNull('doomed_at').delete(),
      );
    }
  } finally {
    if (left.length > 0) await database.query((knex) => spare(knex, left));
  }
  return doomed.length === batch;
}

function isRefusal(error: unknown): boolean {
  return error instanceof StepError && !(error instanceof StoreUnreachable);
}

interface Doomed {
  sha256: string;
  /** As the database writes it. */
  since: string;
}

/** Those that are still there may be named again; not where another replica is at it since, as nobody was for so long. */
async function spare(knex: Knex, pictures: Doomed[]): Promise<void> {
  for (const { sha256, since } of pictures)
    await knex(picturesTable)
      .where({ sha256 })
      .whereRaw('doomed_at::text = ?', [since])
      .update({ doomed_at: null });
}

/** One replica at a time; the others have nothing to do. */
async function doom(trx: Knex, hours: number): Promise<Doomed[]> {
  const lock = await trx.raw('SELECT pg_try_advisory_xact_lock(?) AS mine', [advisoryLock]);
  if (!lock.rows[0].mine) return [];
  // An index is of no use for a limit by clock_timestamp(), which may be another for each row.
  // A product that names the picture in this moment has touched it, which is seen when this has waited for its row.
  const { rows } = await trx.raw(
    `UPDATE ${picturesTable} AS picture SET doomed_at = clock_timestamp()
     WHERE sha256 IN (
       SELECT sha256 FROM ${picturesTable} AS old
       WHERE needed_at < now() - make_interval(hours => ?)
         AND (doomed_at IS NULL OR doomed_at < clock_timestamp() - ${abandonedAfter})
         AND NOT EXISTS (SELECT FROM ${productsTable} AS product WHERE product.picture = old.sha256)
       LIMIT ?)
     AND needed_at < now() - make_interval(hours => ?)
     RETURNING sha256, doomed_at::text AS since`,
    [hours, batch, hours],
  );
  return rows;
}
