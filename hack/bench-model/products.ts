import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodePicture, type Snapshot, type Store, samples } from '@shelfwise/trainer-contract';

/** Side of the square that the baselines see, in pixels. */
const side = 64;

/** What a product of a snapshot truly is. */
export interface Truth {
  id: string;
  class: string;
}

/**
 * Writes a snapshot's products for the baselines, which read no tar and decode no picture: `products.jsonl`, one line each,
 * and `pixels.bin`, uint8 [products, 64, 64, 3], white where there is no picture. Decoded as our own models see them.
 *
 * @returns the held-out products, in the order in which the baselines answer
 */
export async function writeProducts(
  store: Store,
  snapshot: Snapshot,
  dir: string,
): Promise<Truth[]> {
  await mkdir(dir, { recursive: true });
  const lines = openSync(join(dir, 'products.jsonl'), 'w');
  const pixels = openSync(join(dir, 'pixels.bin'), 'w');
  const heldOut: Truth[] = [];
  try {
    for (const part of ['train', 'holdout'] as const)
      for await (const sample of samples(store, snapshot, part)) {
        const { id, designation, description, picture } = sample;
        const text = [designation, description ?? ''].join(' ');
        const line = { side: part, text, class: sample.class, hasPicture: picture !== null };
        writeSync(lines, `${JSON.stringify(line)}\n`);
        writeSync(pixels, await pixelsOf(picture));
        if (part === 'holdout') heldOut.push({ id, class: sample.class });
      }
  } finally {
    closeSync(lines);
    closeSync(pixels);
  }
  return heldOut;
}

async function pixelsOf(picture: Buffer | null): Promise<Uint8Array> {
  return picture ? decodePicture(picture, side) : new Uint8Array(side * side * 3).fill(255);
}
