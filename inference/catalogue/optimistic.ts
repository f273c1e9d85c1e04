import type { Product } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import type { Catalogue } from './catalogue.ts';
import { releasePicture, touchPicture } from './pictures.ts';
import { isWanted, noSuchProduct, precondition } from './preconditions.ts';
import { changeProduct, findProduct, type ProductColumns, type Wanted } from './products.ts';
import { type ProductRow, toProduct } from './row.ts';

/** Of a change that names no version: how often it is made anew because others were faster. */
const mostAttempts = 5;

/**
 * Changes a product from what it was when it was looked at: what takes its time, the model and the store, is asked in between, without a
 * lock. `columnsOf` gives the columns that become others, undefined where nothing does; it is asked anew where somebody was faster
 * and any version is wanted. Throws `not-found` or `precondition-failed`.
 */
export async function changeAsSeen(
  catalogue: Catalogue,
  { id, wanted }: { id: string; wanted: Wanted },
  columnsOf: (before: ProductRow) => Promise<Partial<ProductColumns> | undefined>,
): Promise<Product> {
  for (let attempt = 1; ; attempt++) {
    const before = await currentProduct(catalogue, id, wanted);
    const columns = await columnsOf(before);
    if (!columns) return toProduct(before);
    const after = await store(catalogue, before, columns);
    if (after) return toProduct(after);
    if (wanted !== 'any' || attempt === mostAttempts) throw precondition();
  }
}

/** The product in a version that is wanted. Throws `not-found` or `precondition-failed`. */
export async function currentProduct(
  { database }: Catalogue,
  id: string,
  wanted: Wanted,
): Promise<ProductRow> {
  const row = await database.query((knex) => findProduct(knex, id));
  if (!row) throw noSuchProduct(id);
  if (!isWanted(row.version, wanted)) throw precondition();
  return row;
}

function store({ database }: Catalogue, before: ProductRow, columns: Partial<ProductColumns>) {
  return database.query((knex) =>
    knex.transaction(async (trx) => {
      if (!(await changeProduct(trx, before.id, [before.version], columns))) return undefined;
      if (columns.picture !== undefined)
        await exchangePictures(trx, before.picture, columns.picture);
      return findProduct(trx, before.id);
    }),
  );
}

/** In the order of their names, so that two products that exchange pictures do not wait for each other. */
async function exchangePictures(trx: Knex, before: string | null, after: string | null) {
  if (before === after) return;
  const steps = [
    ...(before === null ? [] : [{ picture: before, step: releasePicture }]),
    ...(after === null ? [] : [{ picture: after, step: touchPicture }]),
  ];
  for (const { picture, step } of steps.sort((a, b) => (a.picture < b.picture ? -1 : 1)))
    await step(trx, picture);
}
