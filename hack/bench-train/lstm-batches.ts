/** Batches, and the weights that both sides begin with, for lstm-cnn: as wide as its settings for a large catalogue. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../../trainer/fit/random.ts';
import type { Batch } from '../../trainer/lstm-cnn/batch.ts';
import {
  initialWeights,
  shapesOf,
  type Weight,
  type Weights,
} from '../../trainer/lstm-cnn/network.ts';
import { channels, longestSequence, settings } from '../../trainer/lstm-cnn/settings.ts';
import { readArray, readBatchesOf, writeArrays } from './arrays.ts';

const chosen = settings({}, 85_000);

export const lstmShapes = {
  batches: 12,
  size: chosen.batchSize,
  words: longestSequence,
  side: chosen.imageSize,
  classes: 27,
  /** Of the embedding; the last one is the padding's. */
  rows: chosen.buckets + 1,
  units: chosen.units,
  channels: [...channels],
};
export type LstmShapes = typeof lstmShapes & { weights: [name: string, shape: number[]][] };

const arrays = {
  ids: Int32Array,
  weights: Float32Array,
  pixels: Float32Array,
  keep: Float32Array,
  labels: Int32Array,
  hasText: Float32Array,
} as const;

/** Writes `shapes.json`, a little-endian file for each array, and `initial.bin`; the same every time. */
export async function writeLstmBatches(dir: string): Promise<void> {
  const { batches, size, words, side, classes, rows, units } = lstmShapes;
  const random = createRandom(1);
  const products = batches * size;
  const kept = units + (channels.at(-1) as number);
  const fill = (length: number, draw: () => number) => Float32Array.from({ length }, draw);
  const values = {
    ids: Int32Array.from({ length: products * words }, () =>
      Math.floor(random() ** 2 * (rows - 1)),
    ),
    // Words that are hidden, and padding.
    weights: fill(products * words, () => (random() < 0.4 ? 0 : 1)),
    pixels: fill(products * side * side * 3, () => random() * 2 - 1),
    keep: fill(products * kept, () => (random() < chosen.dropout ? 0 : 1 / (1 - chosen.dropout))),
    labels: Int32Array.from({ length: products }, () => Math.floor(random() * classes)),
    hasText: fill(products, () => (random() < 0.98 ? 1 : 0)),
  };
  await writeArrays(dir, values);
  const initial = Object.entries(initialWeights(shapesOf(chosen, rows, classes), 0));
  const shapes = { ...lstmShapes, weights: initial.map(([name, { shape }]) => [name, shape]) };
  await writeFile(join(dir, 'shapes.json'), JSON.stringify(shapes));
  const bytes = initial.map(([, { data }]) => new Uint8Array(data.buffer));
  await writeFile(join(dir, 'initial.bin'), Buffer.concat(bytes));
}

export async function readLstmBatches(dir: string) {
  const shapes: LstmShapes = JSON.parse(await readFile(join(dir, 'shapes.json'), 'utf8'));
  const { size, words, side } = shapes;
  const parts = await readBatchesOf(dir, arrays, shapes.batches);
  const batches = parts.map(({ keep, ...part }) => {
    const batch: Batch = {
      ...{ size, words, side, pictures: size },
      ...part,
      pictureOf: Int32Array.from({ length: size }, (_, i) => i),
      hasPicture: new Float32Array(size).fill(1),
    };
    return { batch, keep };
  });
  const numbers = new Float32Array(await readArray(dir, 'initial'));
  return { shapes, batches, weights: initial(shapes, numbers) };
}

function initial({ weights }: LstmShapes, numbers: Float32Array): Weights {
  const found: Record<string, Weight> = {};
  let at = 0;
  for (const [name, shape] of weights) {
    const size = shape.reduce((product, each) => product * each, 1);
    found[name] = { shape, data: numbers.slice(at, at + size) };
    at += size;
  }
  return found;
}
