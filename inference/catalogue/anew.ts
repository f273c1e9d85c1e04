import type { Product } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import { loadedModel } from '../http/service.ts';
import type { Catalogue } from './catalogue.ts';
import { changeAsSeen } from './optimistic.ts';
import { outcomeColumns } from './outcome.ts';
import { readPicture } from './pictures.ts';
import { ask } from './predicting.ts';

/**
 * Asks the release that serves about a product as it is. What was predicted before stays where there is no answer now. Throws
 * `not-found`, `not-ready`, `overloaded`, `pictures-unavailable`, or `precondition-failed` where others kept changing the product.
 */
export async function predictAnew(
  catalogue: Catalogue,
  id: string,
  signal: AbortSignal,
): Promise<Product> {
  const { store, state, predictWithinMs } = catalogue;
  loadedModel(state);
  return changeAsSeen(catalogue, { id, wanted: 'any' }, async ({ picture, ...texts }) => {
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
    return outcomeColumns(outcome);
  });
}
