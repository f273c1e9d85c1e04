import {
  PictureError,
  StoreBadKey,
  StoreNotFound,
  StoreTooLarge,
} from '@shelfwise/trainer-contract';
import { concurrently } from '../concurrently.ts';
import type { InvalidList } from './invalid.ts';
import { probePicture, tooLarge } from './probe.ts';
import type { ListedRow, PictureTask, Product, Source } from './product.ts';
import type { Spool } from './spool.ts';

/** Enough to hide an object store's latency; decoding has its own threads. */
const downloads = 32;

/**
 * Brings the pictures of the rows into the spool, each read to its last pixel, but for those that are `verified`
 * already; this set gets the others. A product whose picture is missing or unreadable goes to `invalid`. The products
 * come sorted by key.
 */
export async function collectProducts(
  source: Source,
  rows: ListedRow[],
  { spool, invalid, verified, signal, advance }: Collecting,
): Promise<Product[]> {
  const products: Product[] = [];
  const column = source.columns.picture;

  async function look({ row, load }: PictureTask): Promise<void> {
    signal.throwIfAborted();
    try {
      const bytes = await load();
      const facts = await probePicture(bytes, verified);
      products.push({ ...row, picture: { ...(await spool.append(bytes)), ...facts } });
    } catch (error) {
      const reason = unusable(error);
      if (!reason) throw error;
      invalid.add(row.row, column, row.pictureKey, reason);
    }
    advance();
  }

  const withPicture = rows.filter((row) => row.pictureKey !== null);
  const missing = new Set(withPicture);
  async function* tasks() {
    for await (const task of source.pictures(withPicture)) {
      // A tar may hold a picture twice; the first counts.
      if (missing.delete(task.row)) yield task;
    }
  }
  await concurrently(tasks(), downloads, look);
  for (const row of missing) {
    invalid.add(row.row, column, row.pictureKey, 'names a picture that is missing');
    advance();
  }
  for (const row of rows) if (row.pictureKey === null) products.push({ ...row, picture: null });
  return products.sort((a, b) => (a.key < b.key ? -1 : 1));
}

interface Collecting {
  spool: Spool;
  invalid: InvalidList;
  /** Digests of pictures that were read to their last pixel before. */
  verified: Set<string>;
  signal: AbortSignal;
  advance(): void;
}

/** Why the product is left out; undefined for what is wrong with more than this one product. */
function unusable(error: unknown): string | undefined {
  if (error instanceof StoreNotFound) return 'names a picture that is missing';
  if (error instanceof StoreBadKey) return 'is no key of an object';
  if (error instanceof StoreTooLarge) return `names a picture that cannot be used: ${tooLarge}`;
  if (!(error instanceof PictureError)) return undefined;
  return `names a picture that cannot be used: ${error.message.replace(/\.$/, '')}`;
}
