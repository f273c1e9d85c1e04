import { joinText } from './text-normalise.ts';
import { countTokens, forget, type NgramSettings, type TokenCounts } from './text-tokens.ts';

/** What text becomes before a model sees it. `idf` has 2 × buckets entries: words, then characters; 0 = unseen in train. */
export interface TextPreprocessing extends NgramSettings {
  maximumTokens: number;
  idf: Float32Array;
}

/** `ids` is padded with 2 × buckets, `weights` with 0. `present` is false where no known token is left. */
export interface TextFeatures {
  ids: Int32Array;
  weights: Float32Array;
  present: boolean;
}

export interface ProductText {
  designation: string | null;
  description: string | null;
}

/** The n-grams that won in our comparison with scikit-learn's TF-IDF on small catalogues. */
export const textDefaults = {
  buckets: 32_768,
  maximumTokens: 256,
  wordNgrams: [1, 2],
  charNgrams: [2, 5],
} as const satisfies NgramSettings | { maximumTokens: number };

// Counts above the table's end are rare enough to be computed.
const logs = Float64Array.from({ length: 256 }, (_, tf) => (tf === 0 ? 0 : 1 + Math.log(tf)));
let scores = new Float64Array(0);
let selection = new Float64Array(0);

/**
 * The bag of n-grams of a product's text: (1 + ln tf) × idf, L2-normalised for words and for
 * characters apart, the heaviest `maximumTokens` of both kept. Never throws, whatever the text.
 */
export function featuriseText(
  designation: string | null,
  description: string | null,
  text: TextPreprocessing,
): TextFeatures {
  const tokens = countTokens(joinText(designation, description), text);
  const known = weigh(tokens, text);
  const least = known > text.maximumTokens ? nthHeaviest(tokens.size, known, text) : 0;
  const features = pick(tokens, text, least);
  forget(tokens);
  return features;
}

/** Fills `scores` in the order of `touched` and returns how many are above 0. */
function weigh(tokens: TokenCounts, text: TextPreprocessing): number {
  const { counts, touched, size } = tokens;
  const { buckets, idf } = text;
  if (scores.length < size) scores = new Float64Array(size * 2);
  let words = 0;
  let characters = 0;
  let known = 0;
  for (let i = 0; i < size; i++) {
    const id = touched[i] as number;
    const tf = counts[id] as number;
    const score = (tf < 256 ? (logs[tf] as number) : 1 + Math.log(tf)) * (idf[id] as number);
    scores[i] = score;
    if (score === 0) continue;
    known++;
    if (id < buckets) words += score * score;
    else characters += score * score;
  }
  const byWords = words > 0 ? 1 / Math.sqrt(words) : 0;
  const byCharacters = characters > 0 ? 1 / Math.sqrt(characters) : 0;
  for (let i = 0; i < size; i++) {
    scores[i] = (scores[i] as number) * ((touched[i] as number) < buckets ? byWords : byCharacters);
  }
  return known;
}

/** The score of the last token that is kept, by Hoare's quickselect. */
function nthHeaviest(size: number, known: number, text: TextPreprocessing): number {
  if (selection.length < size) selection = new Float64Array(scores.length);
  let right = 0;
  for (let i = 0; i < size; i++) {
    if (scores[i] !== 0) selection[right++] = scores[i] as number;
  }
  right--;
  const target = known - text.maximumTokens;
  let left = 0;
  while (left < right) {
    const pivot = selection[(left + right) >> 1] as number;
    let i = left;
    let j = right;
    while (i <= j) {
      while ((selection[i] as number) < pivot) i++;
      while ((selection[j] as number) > pivot) j--;
      if (i > j) break;
      const swapped = selection[i] as number;
      selection[i++] = selection[j] as number;
      selection[j--] = swapped;
    }
    if (target <= j) right = j;
    else if (target >= i) left = i;
    else break;
  }
  return selection[target] as number;
}

/** The tokens above `least`, then those equal to it in order of occurrence until there are enough. */
function pick(tokens: TokenCounts, text: TextPreprocessing, least: number): TextFeatures {
  const { maximumTokens } = text;
  const ids = new Int32Array(maximumTokens).fill(text.buckets * 2);
  const weights = new Float32Array(maximumTokens);
  let kept = 0;
  const keep = (i: number) => {
    ids[kept] = tokens.touched[i] as number;
    weights[kept++] = scores[i] as number;
  };
  for (let i = 0; i < tokens.size; i++) if ((scores[i] as number) > least) keep(i);
  for (let i = 0; i < tokens.size && least > 0 && kept < maximumTokens; i++) {
    if (scores[i] === least) keep(i);
  }
  return { ids, weights, present: kept > 0 };
}

/**
 * The preprocessing fitted on the training texts, and on them alone: smoothed idf,
 * ln((1 + N) / (1 + df)) + 1, and 0 for a bucket that none of them has.
 */
export function fitText(
  texts: Iterable<ProductText>,
  settings: NgramSettings & { maximumTokens: number } = {
    ...textDefaults,
    wordNgrams: [...textDefaults.wordNgrams],
    charNgrams: [...textDefaults.charNgrams],
  },
): TextPreprocessing {
  const frequencies = new Uint32Array(settings.buckets * 2);
  let documents = 0;
  for (const { designation, description } of texts) {
    documents++;
    const tokens = countTokens(joinText(designation, description), settings);
    for (let i = 0; i < tokens.size; i++) (frequencies[tokens.touched[i] as number] as number)++;
    forget(tokens);
  }
  const idf = Float32Array.from(frequencies, (df) =>
    df === 0 ? 0 : Math.log((1 + documents) / (1 + df)) + 1,
  );
  return { ...settings, idf };
}
