import type { Knex } from 'knex';
import { picturesTable } from './pictures.ts';
import { type ProductRow, productsTable } from './row.ts';

/** What callers and the model say of a product, by column. */
export interface ProductColumns {
  designation: string;
  description: string | null;
  category: string | null;
  picture: string | null;
  correction: string | null;
  prediction: string | null;
  prediction_due: boolean;
  prediction_fault: string | null;
  prediction_attempts: number;
  prediction_claimed_at: null;
}

/** Which versions of a product a change may be made to: the caller saw one of these. */
export type Wanted = 'any' | readonly number[];

/** Products with what is known of their pictures. */
export function productRows(knex: Knex): Knex.QueryBuilder<ProductRow, ProductRow[]> {
  return knex(`${productsTable} as product`)
    .leftJoin(`${picturesTable} as picture`, 'picture.sha256', 'product.picture')
    .select('product.*', 'picture.size as picture_size', 'picture.type as picture_type');
}

export async function findProduct(knex: Knex, id: string): Promise<ProductRow | undefined> {
  return await productRows(knex).where('product.id', id).first();
}

/** False where there is a product of that id already. */
export async function insertProduct(
  knex: Knex,
  id: string,
  columns: Partial<ProductColumns>,
): Promise<boolean> {
  const rows = await knex(productsTable)
    .insert({ id, ...columns })
    .onConflict('id')
    .ignore()
    .returning('id');
  return rows.length > 0;
}

/** Raises the version with the change. False where there is no such product, or not in a version that is wanted. */
export async function changeProduct(
  knex: Knex,
  id: string,
  wanted: Wanted,
  columns: Partial<ProductColumns>,
): Promise<boolean> {
  const changed = await ofVersion(knex(productsTable).where({ id }), wanted).update({
    ...columns,
    version: knex.raw('version + 1'),
    updated_at: knex.raw('clock_timestamp()'),
  });
  return changed > 0;
}

/** The removed row; undefined where there is no such product, or not in a version that is wanted. */
export async function removeProduct(
  knex: Knex,
  id: string,
  wanted: Wanted,
): Promise<Pick<ProductRow, 'picture'> | undefined> {
  const rows = await ofVersion(knex(productsTable).where({ id }), wanted)
    .delete()
    .returning('picture');
  return rows[0];
}

function ofVersion<T extends Knex.QueryBuilder>(query: T, wanted: Wanted): T {
  return (wanted === 'any' ? query : query.whereIn('version', wanted)) as T;
}
