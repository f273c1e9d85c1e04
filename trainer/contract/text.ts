/** What text becomes before a model sees it. `idf` has 2 × buckets entries: words, then characters; 0 = unseen in train. */
export interface TextPreprocessing {
  buckets: number;
  maximumTokens: number;
  wordNgrams: [number, number];
  charNgrams: [number, number];
  idf: Float32Array;
}

/** `ids` is padded with 2 × buckets, `weights` with 0. `present` is false where no token is left. */
export interface TextFeatures {
  ids: Int32Array;
  weights: Float32Array;
  present: boolean;
}

export function featuriseText(
  designation: string | null,
  description: string | null,
  text: TextPreprocessing,
): TextFeatures {
  throw new Error(`not written yet ${designation} ${description} ${text.buckets}`);
}

/** The idf of the training texts, and of them alone. */
export function fitText(
  texts: Iterable<{ designation: string | null; description: string | null }>,
): TextPreprocessing {
  throw new Error(`not written yet ${texts}`);
}
