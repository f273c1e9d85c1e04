import type { Product } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';
import type { Catalogue, Content, Patch } from './catalogue.ts';
import { type Outcome, outcomeColumns } from './outcome.ts';
import {
  keepPicture,
  type Picture,
  pictureOf,
  readPicture,
  releasePicture,
  touchPicture,
} from './pictures.ts';
import { isWanted, noSuchProduct, precondition } from './preconditions.ts';
import { ask } from './predicting.ts';
import {
  changeProduct,
  findProduct,
  type ProductColumns,
  removeProduct,
  type Wanted,
} from './products.ts';
import { type ProductRow, toProduct } from './row.ts';

/** Of a change that names no version: how often it is made anew because others were faster. */
const mostAttempts = 5;

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
 * Changes what the patch names. Text or a picture that is another is predicted anew. Throws `not-found` or
 * `precondition-failed`.
 */
export async function patchProduct(
  catalogue: Catalogue,
  { id, wanted, signal, later = false }: Changing,
  patch: Patch,
): Promise<Product> {
  const picture = patch.image && pictureOf(patch.image);
  for (let attempt = 1; ; attempt++) {
    const before = await currentProduct(catalogue, id, wanted);
    const columns = await changesOf(catalogue, before, patch, picture, later ? undefined : signal);
    if (!columns) return toProduct(before);
    const after = await store(catalogue, before, columns);
    if (after) return toProduct(after);
    if (wanted !== 'any' || attempt === mostAttempts) throw precondition();
  }
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
  if (!removed) throw precondition();
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

/** The columns that become others; undefined where nothing does. The picture is in the store then. Without a signal it is predicted later. */
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
  const described = differs('designation') || differs('description') || differs('picture');
  if (!described && !differs('category')) return undefined;
  if (!described) return after;
  const outcome: Outcome = signal
    ? await askAnew(catalogue, after, picture, signal)
    : { status: 'pending', lost: false };
  if (picture && differs('picture'))
    await keepPicture(catalogue.database, catalogue.store, picture);
  return { ...after, ...outcomeColumns(outcome) };
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
