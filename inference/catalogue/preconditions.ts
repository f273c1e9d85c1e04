import type { Product } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import type { Context } from '../http/state.ts';
import type { Wanted } from './products.ts';

/** A product's ETag. */
export function etag(version: number): string {
  return `"${version}"`;
}

/** Answers with the product and its ETag. */
export function tagged(ctx: Context, product: Product): Product {
  ctx.set('ETag', etag(product.version));
  return product;
}

/**
 * The versions that If-Match names; weak ones are none. Throws `precondition-required` without it: two people who correct the same
 * product should not undo each other's work unseen.
 */
export function ifMatch(header: string | undefined): Wanted {
  if (header === undefined || header.trim() === '') {
    const detail =
      'The header If-Match is missing: send the ETag of the product as you saw it, or * to change it in any case.';
    throw new Problem('precondition-required', detail, { part: 'If-Match' });
  }
  if (header.trim() === '*') return 'any';
  return header
    .split(',')
    .map((one) => /^"(\d{1,9})"$/.exec(one.trim())?.[1])
    .filter((version) => version !== undefined)
    .map(Number);
}

export function isWanted(version: number, wanted: Wanted): boolean {
  return wanted === 'any' || wanted.includes(version);
}

export function noSuchProduct(id: string): Problem {
  return new Problem('not-found', `There is no product ${id}.`, { part: 'id' });
}

export function precondition(): Problem {
  const detail = 'The product was changed since you saw it: get it again, and decide anew.';
  return new Problem('precondition-failed', detail, { part: 'If-Match' });
}
