import type { Backbone } from '../backbone/layers.ts';
import type { SentenceEncoder } from '../sentences/encoder.ts';
import type { RecordFile } from './records.ts';

/** What an architecture wants to be done with pictures, once, before it is fitted. `size` is the side of the square in pixels. */
export type PictureStage =
  /** Run through the frozen backbone: what is learned is learned on its features. */
  | {
      readonly kind: 'features';
      readonly size: number;
      readonly backbone: Backbone;
      /** The frozen network that reads the texts beside, where one does. */
      readonly sentences?: SentenceEncoder | undefined;
    }
  /** Decoded and no more. */
  | { readonly kind: 'pixels'; readonly size: number };

export type Pictures = PictureFeatures | PicturePixels;

/** What stage `S` gives. */
export type PicturesOf<S extends PictureStage> = Extract<Pictures, { kind: S['kind'] }>;

/** The backbone's raw features of each product's picture and of its mirror image; 0 where there is no picture. */
export interface PictureFeatures {
  readonly kind: 'features';
  /** Lengths of the blocks of features. */
  readonly widths: readonly number[];
  /** Σ widths. */
  readonly width: number;
  /** Reads `width` numbers of product `index`. */
  read(index: number, target: Float32Array, mirrored: boolean): void;
  close(): void;
}

/** The decoded pictures; all 0 where there is none. */
export interface PicturePixels {
  readonly kind: 'pixels';
  readonly size: number;
  /** Reads the `size` × `size` × 3 bytes (RGB, row by row) of product `index`. */
  read(index: number, target: Uint8Array): void;
  close(): void;
}

/**
 * Features as they lie in a file: halves of a precision of eleven bits, which is more than what the features say and
 * half of the disk, of the cache in the store, and of what is read in each step.
 */
export function featuresIn(records: RecordFile, widths: readonly number[]): PictureFeatures {
  const width = records.recordBytes / 4;
  const half = new Float16Array(width);
  const bytes = new Uint8Array(half.buffer);
  return {
    kind: 'features',
    widths,
    width,
    read(index, target, mirrored) {
      records.read(index, bytes, mirrored ? width * 2 : 0);
      for (let i = 0; i < width; i += 1) target[i] = half[i] as number;
    },
    close: () => records.close(),
  };
}

export function pixelsIn(records: RecordFile, size: number): PicturePixels {
  return {
    kind: 'pixels',
    size,
    read: (index, target) => records.read(index, target),
    close: () => records.close(),
  };
}
