/** A product of one of the sets, as the layout of the Rakuten challenge has it. */
export interface DemoProduct {
  productId: number;
  imageId: number;
  /** What it is by its source; products that differ in a skin tone alone share it. */
  code: string;
  category: string;
  designation: string;
  description: string | null;
}

export interface SetOptions {
  /** Only so many codes, each with all of its products. A larger set holds all of a smaller one. */
  size?: number | undefined;
  /** Deals the categories out anew by this seed: nothing can be learnt from such a set. */
  shuffleLabels?: string | undefined;
}
