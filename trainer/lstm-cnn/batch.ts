import type { PicturePixels } from '../features/pictures.ts';
import type { Products } from '../features/products.ts';
import type { Sequences } from './sequences.ts';

/** What batches are read from. */
export interface BatchSource {
  readonly products: Products<PicturePixels>;
  readonly sequences: Sequences;
}

/** Some products on the CPU's side, ready to become tensors. */
export interface Batch {
  readonly size: number;
  readonly words: number;
  /** [words, n]: rows of the embedding, word by word. */
  readonly ids: Int32Array;
  /** [words, n]: 0 at the padding. */
  readonly weights: Float32Array;
  /** [pictures, side, side, 3] within ±1: of the products that have one. */
  readonly pixels: Float32Array;
  /** For each product which of the pictures is its own; `pictures` where it has none. */
  readonly pictureOf: Int32Array;
  readonly pictures: number;
  readonly side: number;
  readonly labels: Int32Array;
  readonly hasText: Float32Array;
  readonly hasPicture: Float32Array;
}

/** Reads `rows` (indices of products); `mirrored` says whether a row's picture is turned left to right. */
export function readBatch(
  { products, sequences }: BatchSource,
  rows: Int32Array,
  mirrored: (position: number) => boolean,
): Batch {
  const size = rows.length;
  const { maximumTokens: words, buckets } = sequences.preprocessing;
  const { size: side } = products.pictures;
  const ids = new Int32Array(words * size);
  const weights = new Float32Array(words * size);
  const sequence = new Int32Array(words);
  const pictured = rows.filter((row) => products.hasPicture[row] === 1);
  const pixels = new Float32Array(pictured.length * side * side * 3);
  const bytes = new Uint8Array(side * side * 3);
  const pictureOf = new Int32Array(size).fill(pictured.length);
  let pictures = 0;
  rows.forEach((row, i) => {
    sequences.ids.read(row, new Uint8Array(sequence.buffer));
    sequence.forEach((id, word) => {
      ids[word * size + i] = sequences.rowOf[id] as number;
      weights[word * size + i] = id === buckets ? 0 : 1;
    });
    // Drawn for every product, so that the numbers do not depend on which have a picture.
    const turned = mirrored(i);
    if (products.hasPicture[row] === 0) return;
    products.pictures.read(row, bytes);
    scale(bytes, side, turned, pixels, pictures * bytes.length);
    pictureOf[i] = pictures;
    pictures += 1;
  });
  return {
    ...{ size, words, ids, weights, pixels, pictureOf, pictures, side },
    labels: rows.map((row) => products.labels[row] as number),
    hasText: Float32Array.from(rows, (row) => sequences.hasText[row] as number),
    hasPicture: Float32Array.from(rows, (row) => products.hasPicture[row] as number),
  };
}

/** A byte becomes a number within ±1 by this: `byte * pixelScale - 1`, in training and in the exported files. */
export const pixelScale = 1 / 127.5;

function scale(
  bytes: Uint8Array,
  side: number,
  turned: boolean,
  into: Float32Array,
  at: number,
): void {
  if (!turned) {
    for (let i = 0; i < bytes.length; i += 1) into[at + i] = (bytes[i] as number) * pixelScale - 1;
    return;
  }
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1)
      for (let c = 0; c < 3; c += 1)
        into[at + (y * side + x) * 3 + c] =
          (bytes[(y * side + side - 1 - x) * 3 + c] as number) * pixelScale - 1;
}
