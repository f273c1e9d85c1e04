import type { Actor, Caller, Correction, Product } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';
import type { Catalogue } from './catalogue.ts';
import { isWanted, noSuchProduct, precondition } from './preconditions.ts';
import { changeProduct, findProduct, type Wanted } from './products.ts';
import { type ProductRow, productsTable, toProduct } from './row.ts';

const table = 'shelfwise_corrections';

export interface Correcting {
  id: string;
  wanted: Wanted;
  caller: Caller;
  /** null withdraws the correction that stands. */
  category: string | null;
}

/**
 * Says what the product is, whatever was given or predicted, and by whom; the next snapshot learns it. To say again what stands changes
 * nothing. Throws `not-found` (also where there is no correction to withdraw) or `precondition-failed`.
 */
export function correctProduct(
  { database }: Catalogue,
  { id, wanted, caller, category }: Correcting,
): Promise<Product> {
  return database.query((knex) =>
    knex.transaction(async (trx) => {
      await trx(productsTable).where({ id }).forUpdate().select('id');
      const before = await findProduct(trx, id);
      if (!before) throw noSuchProduct(id);
      if (!isWanted(before.version, wanted)) throw precondition();
      if (category === null && !before.correction) throw nothingToWithdraw(id);
      if (category !== null && before.correction?.category === category) return toProduct(before);
      const correction: Correction = {
        category,
        from: {
          label: before.label,
          predicted: before.prediction?.class ?? null,
          release: before.prediction?.release ?? null,
        },
        by: actor(caller),
        at: new Date().toISOString(),
      };
      const text = JSON.stringify(correction);
      await changeProduct(trx, id, 'any', { correction: category === null ? null : text });
      await trx(table).insert({ product: id, correction: text });
      return toProduct((await findProduct(trx, id)) as ProductRow);
    }),
  );
}

/** A product's corrections, the newest first: those older than `before`, at most `limit`. */
export async function listCorrections(
  { database }: Catalogue,
  id: string,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<{ number: string; correction: Correction }[]> {
  return database.query(async (knex) => {
    if (!(await knex(productsTable).where({ id }).first('id'))) throw noSuchProduct(id);
    const older = (query: Knex.QueryBuilder) =>
      before !== undefined && query.where('number', '<', before);
    return knex(table)
      .where({ product: id })
      .modify(older)
      .orderBy('number', 'desc')
      .limit(limit)
      .select('number', 'correction');
  });
}

function actor({ kind, id, name }: Caller): Actor {
  return { kind, id, name };
}

function nothingToWithdraw(id: string): Problem {
  return new Problem('not-found', `The product ${id} has no correction to withdraw.`, {
    part: 'category',
  });
}
