import type { Readable } from 'node:stream';
import {
  hexOf,
  keys,
  type PictureFormat,
  pictureFormat,
  type Store,
  StoreNotFound,
  sha256Of,
} from '@shelfwise/trainer-contract';
import { StepError } from '@shelfwise/trainer-contract/messages';
import type { Knex } from 'knex';
import type { Database } from '../database/database.ts';
import { Problem } from '../http/problems.ts';

export const picturesTable = 'shelfwise_pictures';

/** A picture of a product: the file as it came, named by its content. */
export interface Picture {
  /** 64 hex digits. */
  sha256: string;
  type: string;
  bytes: Uint8Array;
}

const types: Record<PictureFormat, string> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
};

/** Throws `unusable-part` where the bytes are of no format that the model reads. */
export function pictureOf(bytes: Uint8Array): Picture {
  const format = pictureFormat(bytes);
  if (!format) {
    const detail = 'The image is none of JPEG, PNG and WebP by its first bytes: send such a file.';
    throw new Problem('unusable-part', detail, { part: 'image' });
  }
  return { sha256: hexOf(sha256Of(bytes)), type: types[format], bytes };
}

/**
 * Sees to it that the picture is in the store: first a row that says so, committed, then the object, so that nothing lies in the store that
 * no row knows. One that no product names after all is collected. Throws `database-unavailable` or `pictures-unavailable`.
 */
export async function keepPicture(
  database: Database,
  store: Store,
  { sha256, type, bytes }: Picture,
): Promise<void> {
  const size = bytes.byteLength;
  const rows = await database.query((knex) =>
    knex(picturesTable)
      .insert({ sha256, size, type })
      .onConflict('sha256')
      .merge({ needed_at: knex.raw('clock_timestamp()') })
      .where(`${picturesTable}.doomed_at`, null)
      .returning('sha256'),
  );
  if (rows.length === 0) throw beingRemoved();
  await reachingStore(async () => {
    const key = keys.picture(sha256);
    if ((await store.stat(key))?.size === size) return;
    await store.write(key, Buffer.from(bytes.buffer, bytes.byteOffset, size), {
      contentType: type,
    });
  });
}

/**
 * Within the transaction that makes a product name the picture, after the product: both in one order for all. Throws
 * `pictures-unavailable` where the picture is being removed.
 */
export async function touchPicture(trx: Knex, sha256: string): Promise<void> {
  const touched = await trx(picturesTable)
    .where({ sha256, doomed_at: null })
    .update({ needed_at: trx.raw('clock_timestamp()') });
  if (touched === 0) throw beingRemoved();
}

/** Within the transaction that makes a product name the picture no longer: what still reads the product as it was finds it for a while. */
export async function releasePicture(trx: Knex, sha256: string): Promise<void> {
  await trx(picturesTable)
    .where({ sha256 })
    .update({ needed_at: trx.raw('clock_timestamp()') });
}

/** A picture that a product names, as a stream. Throws `pictures-unavailable`, or `not-found` where somebody removed the object. */
export function openPicture(store: Store, sha256: string): Promise<Readable> {
  return reachingStore(() => store.stream(keys.picture(sha256)).catch(gone));
}

/** The same, whole. */
export function readPicture(store: Store, sha256: string): Promise<Buffer> {
  return reachingStore(() => store.read(keys.picture(sha256)).catch(gone));
}

function gone(error: unknown): never {
  if (!(error instanceof StoreNotFound)) throw error;
  throw new Problem('not-found', pictureIsGone, { part: 'image', cause: error });
}

/** Also what a product has in place of a prediction where its picture was gone: whoever gives it again has it predicted. */
export const pictureIsGone =
  'The picture is gone from the store: send the product with its image again.';

/** Whatever keeps the store from doing what it is asked, its absence or its refusal, is for the operator of the service to mend. */
async function reachingStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const detail =
      'The store of pictures does not answer: predictions go on, and so does what needs no picture. Try again in a moment.';
    throw new Problem('pictures-unavailable', detail, { retryAfter: 5, cause: error });
  }
}

function beingRemoved(): Problem {
  const detail = 'The same picture is being removed at the moment: try again in a moment.';
  return new Problem('pictures-unavailable', detail, { part: 'image', retryAfter: 5 });
}
