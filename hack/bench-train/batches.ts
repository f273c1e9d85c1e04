/** Batches that both sides of the comparison read from the same files: as large as those of the Rakuten challenge. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch } from '../../trainer/conv-fusion/batch.ts';
import { createRandom } from '../../trainer/fit/random.ts';
import { readBatchesOf, writeArrays } from './arrays.ts';

export interface Shapes {
  batches: number;
  size: number;
  tokens: number;
  classes: number;
  /** Rows of the embedding; the last one is the padding's. */
  rows: number;
  /** Lengths of the blocks of picture features. */
  widths: number[];
}

/** Every bucket of words and of characters is in use, texts are long, products of 27 classes. */
export const rakuten: Shapes = {
  batches: 12,
  size: 128,
  tokens: 256,
  classes: 27,
  rows: 2 ** 16 + 1,
  widths: [1280, 40, 80, 1280, 112],
};

const arrays = {
  ids: Int32Array,
  weights: Float32Array,
  pictures: Float32Array,
  labels: Int32Array,
  hasText: Float32Array,
  hasPicture: Float32Array,
} as const;

/** Writes `shapes.json` and a little-endian file for each array, [batches, size, …]; the same for the same seed. */
export async function writeBatches(dir: string, shapes: Shapes, seed = 1): Promise<void> {
  const { size, tokens, classes, rows } = shapes;
  const random = createRandom(seed);
  const products = shapes.batches * size;
  const width = sum(shapes.widths);
  // Frequent n-grams are in many texts: the square of a draw, so that rows repeat within a batch.
  const row = () => Math.floor(random() ** 2 * (rows - 1));
  const values = {
    ids: Int32Array.from({ length: products * tokens }, row),
    weights: Float32Array.from({ length: products * tokens }, () => random() / Math.sqrt(tokens)),
    pictures: Float32Array.from({ length: products * width }, () => random() * 3),
    labels: Int32Array.from({ length: products }, () => Math.floor(random() * classes)),
    hasText: Float32Array.from({ length: products }, () => (random() < 0.98 ? 1 : 0)),
    hasPicture: Float32Array.from({ length: products }, () => (random() < 0.95 ? 1 : 0)),
  };
  await writeFile(join(dir, 'shapes.json'), JSON.stringify(shapes));
  await writeArrays(dir, values);
}

export async function readBatches(dir: string): Promise<{ shapes: Shapes; batches: Batch[] }> {
  const shapes: Shapes = JSON.parse(await readFile(join(dir, 'shapes.json'), 'utf8'));
  const { size, tokens } = shapes;
  const parts = await readBatchesOf(dir, arrays, shapes.batches);
  return { shapes, batches: parts.map((part) => ({ size, tokens, ...part })) };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
