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
  for (const [name, array] of Object.entries(values))
    await writeFile(join(dir, `${name}.bin`), new Uint8Array(array.buffer));
  const initial = Object.entries(initialWeights(shapesOf(chosen, rows, classes), 0));
  const shapes = { ...lstmShapes, weights: initial.map(([name, { shape }]) => [name, shape]) };
  await writeFile(join(dir, 'shapes.json'), JSON.stringify(shapes));
  const bytes = initial.map(([, { data }]) => new Uint8Array(data.buffer));
  await writeFile(join(dir, 'initial.bin'), Buffer.concat(bytes));
}

export async function readLstmBatches(dir: string) {
  const shapes: LstmShapes = JSON.parse(await readFile(join(dir, 'shapes.json'), 'utf8'));
  const { size, words, side } = shapes;
  const read = async (name: string) => {
    const bytes = await readFile(join(dir, `${name}.bin`));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  };
  const parts = await Promise.all(
    Object.entries(arrays).map(async ([name, type]) => [name, new type(await read(name))] as const),
  );
  const all = Object.fromEntries(parts) as {
    [K in keyof typeof arrays]: InstanceType<(typeof arrays)[K]>;
  };
  const batches = Array.from({ length: shapes.batches }, (_, number) => {
    const part = <T extends Int32Array | Float32Array>(array: T) => {
      const each = array.length / shapes.batches;
      return array.slice(number * each, (number + 1) * each) as T;
    };
    const batch: Batch = {
      ...{ size, words, side, pictures: size },
      ids: part(all.ids),
      weights: part(all.weights),
      pixels: part(all.pixels),
      pictureOf: Int32Array.from({ length: size }, (_, i) => i),
      labels: part(all.labels),
      hasText: part(all.hasText),
      hasPicture: new Float32Array(size).fill(1),
    };
    return { batch, keep: part(all.keep) };
  });
  return { shapes, batches, weights: initial(shapes, new Float32Array(await read('initial'))) };
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
