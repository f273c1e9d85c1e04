import type { Knex } from 'knex';
import type { Catalogue } from './catalogue.ts';
import { productRows } from './products.ts';
import { type ProductRow, productsTable } from './row.ts';

export interface Filter {
  /** The label: the correction, else the category given. */
  category?: string | undefined;
  corrected?: boolean | undefined;
  /** RFC 3339. */
  updatedSince?: string | undefined;
}

/** Of the texts of a page: one of 500 products with the longest descriptions would be 50 MB. A page has one product at least. */
const mostBytes = 4 * 2 ** 20;

/**
 * A page of products by id: those after the id `after`, at most `limit`, fewer where their texts are long. `last` is where the
 * next page begins; null on the last one.
 */
export async function listProducts(
  { database }: Catalogue,
  { category, corrected, updatedSince }: Filter,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<{ rows: ProductRow[]; last: string | null }> {
  const narrow = (query: Knex.QueryBuilder) => {
    if (after !== undefined) query.where('id', '>', after);
    if (category !== undefined) query.where('label', category);
    if (corrected === true) query.whereNotNull('correction');
    if (corrected === false) query.whereNull('correction');
    if (updatedSince !== undefined) query.where('updated_at', '>=', updatedSince);
  };
  return database.query(async (knex) => {
    const bytes = knex.raw(
      `octet_length(designation) + coalesce(octet_length(description), 0) AS bytes`,
    );
    const found: { id: string; bytes: number }[] = await knex(productsTable)
      .modify(narrow)
      .orderBy('id')
      .limit(limit + 1)
      .select('id', bytes);
    const ids = fitting(found.slice(0, limit));
    const rows: ProductRow[] = await productRows(knex)
      .whereIn('product.id', ids)
      .orderBy('product.id');
    return { rows, last: ids.length < found.length ? (ids.at(-1) ?? null) : null };
  });
}

function fitting(found: { id: string; bytes: number }[]): string[] {
  let sum = 0;
  const ids: string[] = [];
  for (const { id, bytes } of found) {
    sum += bytes;
    if (sum > mostBytes && ids.length > 0) break;
    ids.push(id);
  }
  return ids;
}
