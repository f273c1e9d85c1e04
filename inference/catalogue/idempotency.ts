import type { Caller } from '@shelfwise/inference-contract';
import { canonicalJson, sha256Of } from '@shelfwise/trainer-contract';
import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';

const table = 'shelfwise_idempotency';
/** How long an answer is remembered. */
const rememberedHours = 24;

/** A request that is to be answered once, however often it comes. */
export interface Once {
  caller: string;
  key: string;
  /** Digest of what is asked, whatever form it came in. */
  request: string;
}

/** `asked` is what the request says, as data. */
export function once(caller: Caller, key: string, asked: unknown): Once {
  return { caller: `${caller.kind}:${caller.id}`, key, request: sha256Of(canonicalJson(asked)) };
}

/** What was answered to the same request before. Throws `idempotency-key-reused` where it was another one. */
export async function remembered<T>(knex: Knex, { caller, key, request }: Once) {
  const row: { request: string; answer: T } | undefined = await knex(table)
    .where({ caller, key })
    .whereRaw(`created_at > clock_timestamp() - interval '${rememberedHours} hours'`)
    .first('request', 'answer');
  if (!row) return undefined;
  if (row.request !== request) {
    const detail =
      'The Idempotency-Key was used for another product: make a new one for each product.';
    throw new Problem('idempotency-key-reused', detail, { part: 'Idempotency-Key' });
  }
  return row.answer;
}

/**
 * Within the transaction that does what is asked, first of all: waits for another one with the same key, and is false where that one was done.
 */
export async function claim(trx: Knex, { caller, key, request }: Once): Promise<boolean> {
  const rows = await trx(table)
    .insert({ caller, key, request, answer: 'null' })
    .onConflict(['caller', 'key'])
    .merge({ request, answer: 'null', created_at: trx.raw('clock_timestamp()') })
    .whereRaw(`${table}.created_at <= clock_timestamp() - interval '${rememberedHours} hours'`)
    .returning('key');
  return rows.length > 0;
}

/** Within the same transaction, last. */
export async function remember(trx: Knex, { caller, key }: Once, answer: unknown): Promise<void> {
  await trx(table)
    .where({ caller, key })
    .update({ answer: JSON.stringify(answer) });
}

/** Forgets what is too old to be asked for again, `limit` at a time. Returns how many. */
export async function forget(knex: Knex, limit: number): Promise<number> {
  const { rowCount } = await knex.raw(
    `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table}
       WHERE created_at <= now() - interval '${rememberedHours} hours' LIMIT ?)`,
    [limit],
  );
  return rowCount ?? 0;
}
