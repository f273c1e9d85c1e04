import type { Picture } from '@shelfwise/report';
import {
  decodePicture,
  PictureError,
  type Sample,
  type Snapshot,
  type Store,
  samples,
} from '@shelfwise/trainer-contract';
import sharp from 'sharp';

/** A product as a page shows it. */
export interface Shown {
  id: string;
  designation: string;
  description: string | null;
  /** null where there is none, or none that can be read. */
  picture: Picture | null;
}

const thumbnail = 160;
/** Enough to see what went wrong; some 5 KB a picture. */
const quality = 72;

const designationCharacters = 160;
const descriptionCharacters = 200;

/**
 * The products of some rows of the holdout. Goes over it once more: while it was judged nobody knew which of its pictures
 * would be worth keeping.
 */
export async function readShown(
  rows: ReadonlySet<number>,
  {
    store,
    snapshot,
    scratchDir,
    signal,
  }: {
    store: Store;
    snapshot: Snapshot;
    scratchDir: string;
    signal: AbortSignal;
  },
): Promise<Map<number, Shown>> {
  const shown = new Map<number, Shown>();
  if (rows.size === 0) return shown;
  let row = 0;
  for await (const sample of samples(store, snapshot, 'holdout', { scratchDir })) {
    signal.throwIfAborted();
    if (rows.has(row)) shown.set(row, await show(sample));
    if (shown.size === rows.size) break;
    row++;
  }
  return shown;
}

async function show({ id, designation, description, picture }: Sample): Promise<Shown> {
  return {
    id,
    designation: beginningOf(designation, designationCharacters),
    description: description === null ? null : beginningOf(description, descriptionCharacters),
    picture: picture && (await small(picture)),
  };
}

/** The picture as the model sees it: turned, on white, square. */
async function small(bytes: Buffer): Promise<Picture | null> {
  try {
    const pixels = await decodePicture(bytes, thumbnail);
    const raw = { width: thumbnail, height: thumbnail, channels: 3 as const };
    return { type: 'image/jpeg', bytes: await sharp(pixels, { raw }).jpeg({ quality }).toBuffer() };
  } catch (error) {
    if (error instanceof PictureError) return null;
    throw error;
  }
}

function beginningOf(text: string, most: number): string {
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length <= most && text.length <= 2 * most + 2
    ? text
    : `${characters.slice(0, most - 1).join('')}…`;
}
