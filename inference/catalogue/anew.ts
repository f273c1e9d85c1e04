import type { Product } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import { loadedModel } from '../http/service.ts';
import type { Catalogue } from './catalogue.ts';
import { currentProduct } from './change.ts';
import { outcomeColumns } from './outcome.ts';
import { readPicture } from './pictures.ts';
import { ask } from './predicting.ts';
import { changeProduct } from './products.ts';
import { toProduct } from './row.ts';

/**
 * Asks the release that serves about a product as it is. What was predicted before stays where there is no answer now. Throws
 * `not-found`, `not-ready`, `overloaded` or `pictures-unavailable`.
 */
export async function predictAnew(
  catalogue: Catalogue,
  id: string,
  signal: AbortSignal,
): Promise<Product> {
  const { database, store, state, predictWithinMs } = catalogue;
  loadedModel(state);
  const { picture, version, ...texts } = await currentProduct(catalogue, id, 'any');
  const bytes = picture === null ? null : await readPicture(store, picture);
  const outcome = await ask(
    state,
    { ...texts, picture: bytes },
    { withinMs: predictWithinMs, signal },
  );
  if (outcome.status === 'pending') {
    const detail = 'The service has too much to predict: try again in a moment.';
    throw new Problem('overloaded', detail, { retryAfter: 1 });
  }
  // Of a product that somebody changed meanwhile, that change has asked.
  await database.query((knex) => changeProduct(knex, id, [version], outcomeColumns(outcome)));
  return toProduct(await currentProduct(catalogue, id, 'any'));
}
