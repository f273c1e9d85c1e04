import { randomUUID } from 'node:crypto';
import type { Caller, Product } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import type { Catalogue, Content } from './catalogue.ts';
import { claim, type Once, once, remember, remembered } from './idempotency.ts';
import { type Outcome, outcomeColumns } from './outcome.ts';
import { keepPicture, type Picture, pictureOf, touchPicture } from './pictures.ts';
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
 * Stores a new product with what the release that serves makes of it. Throws `conflict` for an id that is taken,
 * `idempotency-key-reused`, or `unusable-part`.
 */
export async function createProduct(
  catalogue: Catalogue,
  { content, id, key, caller, signal }: Creation,
): Promise<Product> {
  const { database, state, predictWithinMs } = catalogue;
  const { image, ...texts } = content;
  const picture = image && pictureOf(image);
  const asked = { id, ...texts, image: picture?.sha256 ?? null };
  const request = key === undefined ? undefined : once(caller, key, asked);
  const answered = () => request && database.query((knex) => remembered<Product>(knex, request));
  const before = await answered();
  if (before) return before;

  const described = { ...texts, picture: image };
  const outcome = await ask(state, described, { withinMs: predictWithinMs, signal });
  const addition = { id: id ?? randomUUID(), texts, picture, outcome, request };
  const added = await addProduct(catalogue, addition);
  // Otherwise the same request was done by another connection, or another replica, meanwhile.
  const product = added ?? (await answered());
  if (product) return product;
  throw new Problem('internal', 'What was answered to the same request is not known any more.');
}

export interface Addition {
  id: string;
  texts: Omit<Content, 'image'>;
  picture: Picture | null;
  outcome: Outcome;
  request?: Once | undefined;
}

/**
 * Stores the product in this order, so that nothing is half-written: the picture's row, the picture, the product's row with what
 * is remembered of the request. Undefined where the same request was done already. Throws `conflict`.
 */
export async function addProduct(
  { database, store }: Catalogue,
  { id, texts, picture, outcome, request }: Addition,
): Promise<Product | undefined> {
  if (picture) await keepPicture(database, store, picture);
  const columns = { ...texts, picture: picture?.sha256 ?? null, ...outcomeColumns(outcome) };
  return database.query((knex) =>
    knex.transaction(async (trx) => {
      if (request && !(await claim(trx, request))) return undefined;
      if (!(await insertProduct(trx, id, columns))) throw taken(id);
      if (picture) await touchPicture(trx, picture.sha256);
      const product = toProduct((await findProduct(trx, id)) as ProductRow);
      if (request) await remember(trx, request, product);
      return product;
    }),
  );
}

function taken(id: string): Problem {
  const detail = `There is a product ${id} already: change it with PUT or PATCH, or choose another id.`;
  return new Problem('conflict', detail, { part: 'id' });
}
