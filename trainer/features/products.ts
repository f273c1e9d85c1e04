import type { Pictures } from './pictures.ts';
import type { SentenceVectors } from './sentences.ts';

/** What is known of the training products after one pass over the snapshot; what is large lies in files. */
export interface Products<P extends Pictures = Pictures> {
  readonly classes: readonly string[];
  readonly count: number;
  /** Index of each product's class. */
  readonly labels: Int32Array;
  /** 1 where the product is held back to judge and to calibrate, 0 where it is fitted. */
  readonly validation: Uint8Array;
  readonly hasPicture: Uint8Array;
  /** What the architecture sees of the pictures, by index of the product. */
  readonly pictures: P;
  /** One line of JSON for each product: [designation, description]. */
  readonly textPath: string;
  /** What a pretrained network makes of the texts, where one reads them. */
  readonly sentences?: SentenceVectors | undefined;
  /** Encoded pictures and texts that the golden cases are made of. */
  readonly examples: readonly Example[];
}

export interface Example {
  readonly designation: string;
  readonly description: string | null;
  readonly picture: Buffer | null;
}

/** Indices of the products that `keep` wants, in the snapshot's order. */
export function select(products: Products, keep: (validation: boolean) => boolean): Int32Array {
  const kept: number[] = [];
  products.validation.forEach((flag, index) => {
    if (keep(flag === 1)) kept.push(index);
  });
  return Int32Array.from(kept);
}
