import { randomUUID } from 'node:crypto';
import type { Caller, Product } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import type { Catalogue, Content } from './catalogue.ts';
import { claim, once, remember, remembered } from './idempotency.ts';
import { outcomeColumns } from './outcome.ts';
import { keepPicture, pictureOf, touchPicture } from './pictures.ts';
import { ask } from './predicting.ts';
import { findProduct, insertProduct } from './products.ts';
import { type ProductRow, toProduct } from './row.ts';

export interface Creation {
  content: Content;
  /** The shop's own id; without one the product is given one. */
  id: string | undefined;
  /** Idempotency-Key: the same request of the same caller is done once, and answered alike however often it comes. */
  key: string | undefined;
  caller: Caller;
  /** Aborted when the caller is gone. */
  signal: AbortSignal;
}

/**
 * Stores a new product with what the release that serves makes of it. In this order, so that nothing is half-written: the prediction, the
 * picture's row, the picture, the product's row with what is remembered of the request. Throws `conflict` for an id that is taken.
 */
export async function createProduct(
  catalogue: Catalogue,
  { content, id, key, caller, signal }: Creation,
): Promise<Product> {
  const { database, store, state, predictWithinMs } = catalogue;
  const picture = content.image && pictureOf(content.image);
  const { image: _, ...texts } = content;
  const request =
    key === undefined
      ? undefined
      : once(caller, key, { id, ...texts, image: picture?.sha256 ?? null });
  const before = request && (await database.query((knex) => remembered<Product>(knex, request)));
  if (before) return before;

  const described = { ...texts, picture: picture?.bytes ?? null };
  const outcome = await ask(state, described, { withinMs: predictWithinMs, signal });
  if (picture) await keepPicture(database, store, picture);

  const name = id ?? randomUUID();
  const stored = await database.query((knex) =>
    knex.transaction(async (trx) => {
      if (request && !(await claim(trx, request))) return undefined;
      const columns = { ...texts, picture: picture?.sha256 ?? null, ...outcomeColumns(outcome) };
      if (!(await insertProduct(trx, name, columns))) throw taken(name);
      if (picture) await touchPicture(trx, picture.sha256);
      const product = toProduct((await findProduct(trx, name)) as ProductRow);
      if (request) await remember(trx, request, product);
      return product;
    }),
  );
  if (stored) return stored;
  // The same request was done by another replica, or another connection, meanwhile.
  const first = request && (await database.query((knex) => remembered<Product>(knex, request)));
  if (first) return first;
  throw new Problem('internal', 'What was answered to the same request is not known any more.');
}

function taken(id: string): Problem {
  const detail = `There is a product ${id} already: change it with PUT or PATCH, or choose another id.`;
  return new Problem('conflict', detail, { part: 'id' });
}
