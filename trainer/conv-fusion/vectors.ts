import type { SentenceVectors } from '../features/sentences.ts';
import { createScaler, type FeatureScale, normaliseRow } from './normalise.ts';

/** The texts' vectors, each standardised and brought to one length. */
export interface ScaledVectors {
  readonly width: number;
  readonly scale: FeatureScale;
  /** Reads `width` numbers of product `index`; 0 where it has no text. */
  read(index: number, target: Float32Array): void;
}

/** Scales the vectors to `length`, by what those of the `fitted` products (their indices) are like. */
export function scaledVectors(
  vectors: SentenceVectors,
  fitted: Int32Array,
  length: number,
): ScaledVectors {
  const { width, present } = vectors;
  const scaler = createScaler([width], length);
  const row = new Float32Array(width);
  for (const index of fitted) {
    if (present[index] === 0) continue;
    vectors.read(index, row);
    scaler.add(row);
  }
  const scale = scaler.scale();
  return {
    width,
    scale,
    read(index, target) {
      vectors.read(index, target);
      if (present[index] === 1) normaliseRow(target, scale);
    },
  };
}
