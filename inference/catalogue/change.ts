import type { Product } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import type { Catalogue, Content, Patch } from './catalogue.ts';
import { changeAsSeen, currentProduct } from './optimistic.ts';
import { type Outcome, outcomeColumns } from './outcome.ts';
import {
  keepPicture,
  type Picture,
  pictureIsGone,
  pictureOf,
  readPicture,
  releasePicture,
} from './pictures.ts';
import { noSuchProduct, precondition } from './preconditions.ts';
import { ask } from './predicting.ts';
import { type ProductColumns, removeProduct, type Wanted } from './products.ts';
import type { ProductRow } from './row.ts';

export interface Changing {
  id: string;
  wanted: Wanted;
  /** Aborted when the caller is gone. */
  signal: AbortSignal;
  /** Whether the prediction may come later, as for many at once. */
  later?: boolean;
}

/** Puts the content in place of what is there; a correction stays. Throws `not-found` or `precondition-failed`. */
export function replaceProduct(catalogue: Catalogue, changing: Changing, content: Content) {
  return patchProduct(catalogue, changing, content);
}

/**
 * Changes what the patch names. Text or a picture that is another is predicted anew, and so is a product whose picture was gone when it
 * was to be predicted, and is given again. Throws `not-found` or `precondition-failed`.
 */
export async function patchProduct(
  catalogue: Catalogue,
  { id, wanted, signal, later = false }: Changing,
  patch: Patch,
): Promise<Product> {
  const picture = patch.image && pictureOf(patch.image);
  return changeAsSeen(catalogue, { id, wanted }, (before) =>
    changesOf(catalogue, before, patch, picture, later ? undefined : signal),
  );
}

/** Removes the product with its corrections; its picture is collected later. Throws `not-found` or `precondition-failed`. */
export async function deleteProduct(
  catalogue: Catalogue,
  { id, wanted }: Pick<Changing, 'id' | 'wanted'>,
): Promise<void> {
  await currentProduct(catalogue, id, wanted);
  const removed = await catalogue.database.query((knex) =>
    knex.transaction(async (trx) => {
      const row = await removeProduct(trx, id, wanted);
      if (row?.picture) await releasePicture(trx, row.picture);
      return row;
    }),
  );
  if (!removed) throw wanted === 'any' ? noSuchProduct(id) : precondition();
}

/**
 * The columns that become others; undefined where nothing does. The picture that is given is in the store then, also where it is the
 * one that the product has: somebody may have removed it there. Without a signal it is predicted later.
 */
async function changesOf(
  catalogue: Catalogue,
  before: ProductRow,
  patch: Patch,
  picture: Picture | null | undefined,
  signal: AbortSignal | undefined,
): Promise<Partial<ProductColumns> | undefined> {
  const { image, ...texts } = patch;
  const after = {
    designation: before.designation,
    description: before.description,
    category: before.category,
    ...texts,
    picture: image === undefined ? before.picture : (picture?.sha256 ?? null),
  };
  const differs = (name: keyof typeof after) => after[name] !== before[name];
  const described =
    differs('designation') ||
    differs('description') ||
    differs('picture') ||
    (picture && before.prediction_fault === pictureIsGone);
  const later: Outcome = { status: 'pending', lost: false };
  const outcome = described && (signal ? await askAnew(catalogue, after, picture, signal) : later);
  if (picture) await keepPicture(catalogue.database, catalogue.store, picture);
  if (outcome) return { ...after, ...outcomeColumns(outcome) };
  return differs('category') ? after : undefined;
}

/** A picture that stays is fetched for it; where it cannot be, now, the prediction comes later. */
async function askAnew(
  { store, state, predictWithinMs }: Catalogue,
  after: { designation: string; description: string | null; picture: string | null },
  given: Picture | null | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  let bytes: Uint8Array | null = given?.bytes ?? null;
  if (!bytes && after.picture !== null) {
    try {
      bytes = await readPicture(store, after.picture);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { status: 'pending', lost: false };
    }
  }
  return ask(state, { ...after, picture: bytes }, { withinMs: predictWithinMs, signal });
}
