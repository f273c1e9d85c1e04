import type { Knex } from 'knex';
import type { Catalogue } from './catalogue.ts';
import { productRows } from './products.ts';
import type { ProductRow } from './row.ts';

export interface Filter {
  /** The label: the correction, else the category given. */
  category?: string | undefined;
  corrected?: boolean | undefined;
  /** RFC 3339. */
  updatedSince?: string | undefined;
}

/** Products by id, those after the id `after`, at most `limit`. */
export function listProducts(
  { database }: Catalogue,
  { category, corrected, updatedSince }: Filter,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<ProductRow[]> {
  const narrow = (query: Knex.QueryBuilder) => {
    if (after !== undefined) query.where('product.id', '>', after);
    if (category !== undefined) query.where('product.label', category);
    if (corrected === true) query.whereNotNull('product.correction');
    if (corrected === false) query.whereNull('product.correction');
    if (updatedSince !== undefined) query.where('product.updated_at', '>=', updatedSince);
  };
  return database.query(
    async (knex) => await productRows(knex).modify(narrow).orderBy('product.id').limit(limit),
  );
}
