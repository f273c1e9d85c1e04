import type { PieceVocabulary } from '@shelfwise/trainer-contract';

/** A matrix, row by row [inputs, outputs], and what is added to its product. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array | undefined;
}

/** What brings rows to mean 0 and variance 1, then to another gain and bias. */
export interface Norm {
  readonly gain: Float32Array;
  readonly bias: Float32Array;
}

/** What looks at `span` pieces one after the other; of those beside the piece itself the larger half comes after it. */
export interface Branch {
  readonly span: number;
  /** Two, one behind the other, each added to what it reads: [span × branch width, branch width]. */
  readonly convolutions: readonly [Layer, Layer];
}

/**
 * The multilingual Universal Sentence Encoder (arXiv:1907.04307), its convolutional form, by Google: pieces of a text become
 * vectors, n-grams of these are summed up, and dense layers make one vector of the sum. Pretrained on 16 languages (simplified
 * and traditional Chinese are two of them) so that texts that mean the same are near each other, whatever their language.
 */
export interface SentenceEncoder {
  readonly name: string;
  readonly vocabulary: PieceVocabulary;
  /** Length of a piece's vector. */
  readonly width: number;
  /** [pieces, width]: a piece's vector is its bytes × its scale + its low. */
  readonly table: Uint8Array;
  readonly scales: Float32Array;
  readonly lows: Float32Array;
  /** From a piece's vector to what the branches read, side by side. */
  readonly projection: Layer;
  readonly projected: Norm;
  readonly branches: readonly Branch[];
  /** Over pieces' vectors and all branches side by side. */
  readonly norm: Norm;
  readonly sum: Layer;
  /** a = relu(x·d0); b = relu(x·p1 + a·d1); c = relu(b·d2); tanh(b·p3 + c·d3) */
  readonly dense: Readonly<Record<'d0' | 'd1' | 'd2' | 'd3' | 'p1' | 'p3', Layer>>;
}

/** What a sum of squares is at least before its root is divided by, and what is added to a variance. */
export const smallest = 1e-12;

/** How many numbers the encoder makes of a text. */
export function vectorWidth({ dense }: SentenceEncoder): number {
  return dense.d3.outputs;
}
