import {
  PictureError,
  StoreBadKey,
  StoreNotFound,
  StoreTooLarge,
} from '@shelfwise/trainer-contract';
import { concurrently } from '../concurrently.ts';
import type { DigestMap } from './digest-map.ts';
import type { InvalidList } from './invalid.ts';
import { probePicture, tooLarge } from './probe.ts';
import type { PictureTask, Source, WantedPictures } from './product.ts';
import { keyBytes, type ProductList } from './product-list.ts';
import type { Spool } from './spool.ts';
import { readText } from './text.ts';

/** Enough to hide an object store's latency; decoding has its own threads. */
const downloads = 32;

/**
 * Brings the pictures of the rows into the spool, each read to its last pixel, but for those that are `verified`
 * already; this set gets the others. A product whose picture is missing or unreadable goes to `invalid`. Returns the
 * others, sorted by key.
 */
export async function collectProducts(
  source: Source,
  rows: ProductList,
  { spool, invalid, verified, signal, advance }: Collecting,
): Promise<ProductList> {
  const column = source.columns.picture;
  /** What became of each row's picture. */
  const [unseen, begun, usable] = [0, 1, 2];
  const states = new Uint8Array(rows.length);

  async function refuse(index: number, reason: string): Promise<void> {
    const row = rows.at(index);
    invalid.add(row.row, column, (await readText(spool, row)).pictureKey, reason);
    advance();
  }

  async function look({ index, load, release }: PictureTask): Promise<void> {
    try {
      signal.throwIfAborted();
      const bytes = await load();
      const facts = await probePicture(bytes, verified);
      rows.set(index, { ...rows.at(index), picture: { ...(await spool.append(bytes)), ...facts } });
    } catch (error) {
      const reason = unusable(error);
      if (!reason) throw error;
      return refuse(index, reason);
    } finally {
      release();
    }
    states[index] = usable;
    advance();
  }

  const wanted: WantedPictures = {
    length: rows.length,
    async *each() {
      for (let index = 0; index < rows.length; index++) {
        const row = rows.at(index);
        if (!row.namesPicture) continue;
        const { pictureKey } = await readText(spool, row);
        if (pictureKey !== null) yield { index, pictureKey };
      }
    },
  };
  async function* tasks() {
    for await (const task of source.pictures(wanted)) {
      // A tar may hold a picture twice; the first counts.
      if (states[task.index] !== unseen) continue;
      states[task.index] = begun;
      yield task;
    }
  }
  await concurrently(tasks(), downloads, look);
  const kept: number[] = [];
  for (const index of rows.orderedBy(...keyBytes)) {
    if (!rows.at(index).namesPicture || states[index] === usable) kept.push(index);
    else if (states[index] === unseen) await refuse(index, 'names a picture that is missing');
  }
  return rows.pick(kept);
}

interface Collecting {
  spool: Spool;
  invalid: InvalidList;
  /** Digests of pictures that were read to their last pixel before. */
  verified: DigestMap;
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
