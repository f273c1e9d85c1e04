import { piecesOf, type SentencePieces } from './pieces.ts';
import { type Marks, normaliseText } from './text-normalise.ts';
import {
  countMore,
  countTokens,
  forget,
  type NgramSettings,
  type TokenCounts,
} from './text-tokens.ts';

/** How text is read, before anything is learned from it. */
export interface TextSettings extends NgramSettings {
  maximumTokens: number;
  marks: Marks;
  /**
   * The designation counts twice: with the description in one bag, and in a bag of its own, which has this share of the
   * squared length of the whole. A long description then can't drown it. 0: one bag.
   */
  designationShare: number;
}

/** What text becomes before a model sees it. `idf` has 2 × buckets entries: words, then characters; 0 = unseen in train. */
export interface TextPreprocessing extends TextSettings {
  idf: Float32Array;
  /** Where a pretrained network reads the text as well: its pieces, `length` of them, are the last of the `maximumTokens`. */
  sentences?: SentencePieces | undefined;
}

/** `ids` is padded with 2 × buckets, those of a sentence with 0, `weights` with 0. `present` is false where no known token is left. */
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
  wordNgrams: [1, 2],
  charNgrams: [2, 5],
  marks: 'stripped',
  designationShare: 0.5,
} as const;

/** Of the train texts this share keeps all its tokens, within the bounds; of the others the heaviest are kept. */
const wholeTexts = 0.95;
const fewestTokens = 64;
const mostTokens = 512;
const tokenStep = 32;

const designationSalt = 0x5bd1e995;

// Counts above the table's end are rare enough to be computed.
const logs = Float64Array.from({ length: 256 }, (_, tf) => (tf === 0 ? 0 : 1 + Math.log(tf)));
let scores = new Float64Array(0);
let selection = new Float64Array(0);

/**
 * The bags of n-grams of a product's text, one of all of it and one of the designation: (1 + ln tf) × idf,
 * L2-normalised for words and for characters apart, the heaviest of all kept; then the pieces that a pretrained network
 * reads. Never throws, whatever the text.
 */
export function featuriseText(
  designation: string | null,
  description: string | null,
  text: TextPreprocessing,
): TextFeatures {
  const { tokens, joint } = count({ designation, description }, text);
  const known = weigh(tokens, joint, text);
  const most = text.maximumTokens - (text.sentences?.length ?? 0);
  const least = known > most ? nthHeaviest(tokens.size, known, most) : 0;
  const features = pick(tokens, text, { least, most });
  forget(tokens);
  if (!text.sentences) return features;
  const pieces = piecesOf(designation, description, text.sentences);
  features.ids.fill(0, most);
  features.ids.set(pieces, most);
  features.weights.fill(1, most, most + pieces.length);
  return { ...features, present: features.present || pieces.length > 0 };
}

/** The tokens of a product's text: the first `joint` are those of all of it, the others those of the designation. */
function count(
  { designation, description }: ProductText,
  settings: TextSettings,
): { tokens: TokenCounts; joint: number } {
  const name = normaliseText(designation ?? '', settings.marks);
  const tokens = countTokens(name, settings);
  if (description) countMore(normaliseText(description, settings.marks), settings);
  const joint = tokens.size;
  if (settings.designationShare > 0) countMore(name, settings, designationSalt);
  return { tokens, joint };
}

// Squared lengths, then factors, of the bags: words and characters of all, words and characters of the designation.
const bags = new Float64Array(4);

/** Fills `scores` in the order of `touched` and returns how many are above 0. */
function weigh(tokens: TokenCounts, joint: number, text: TextPreprocessing): number {
  const { counts, touched, size } = tokens;
  const { buckets, idf, designationShare } = text;
  if (scores.length < size) scores = new Float64Array(size * 2);
  const bagOf = (i: number) => (i < joint ? 0 : 2) + ((touched[i] as number) < buckets ? 0 : 1);
  bags.fill(0);
  let known = 0;
  for (let i = 0; i < size; i++) {
    const id = touched[i] as number;
    const tf = counts[id] as number;
    const score = (tf < 256 ? (logs[tf] as number) : 1 + Math.log(tf)) * (idf[id] as number);
    scores[i] = score;
    if (score === 0) continue;
    known++;
    const bag = bagOf(i);
    bags[bag] = (bags[bag] as number) + score * score;
  }
  for (let bag = 0; bag < 4; bag++) {
    const square = bags[bag] as number;
    const share = bag < 2 ? 1 - designationShare : designationShare;
    bags[bag] = square > 0 ? Math.sqrt(share / square) : 0;
  }
  for (let i = 0; i < size; i++) scores[i] = (scores[i] as number) * (bags[bagOf(i)] as number);
  return known;
}

/** The score of the last token that is kept, by Hoare's quickselect. */
function nthHeaviest(size: number, known: number, most: number): number {
  if (selection.length < size) selection = new Float64Array(scores.length);
  let right = 0;
  for (let i = 0; i < size; i++) {
    if (scores[i] !== 0) selection[right++] = scores[i] as number;
  }
  right--;
  const target = known - most;
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
function pick(
  tokens: TokenCounts,
  { buckets, maximumTokens }: TextPreprocessing,
  { least, most }: { least: number; most: number },
): TextFeatures {
  const ids = new Int32Array(maximumTokens).fill(buckets * 2);
  const weights = new Float32Array(maximumTokens);
  let kept = 0;
  const keep = (i: number) => {
    ids[kept] = tokens.touched[i] as number;
    weights[kept++] = scores[i] as number;
  };
  for (let i = 0; i < tokens.size; i++) if ((scores[i] as number) > least) keep(i);
  for (let i = 0; i < tokens.size && least > 0 && kept < most; i++) {
    if (scores[i] === least) keep(i);
  }
  return { ids, weights, present: kept > 0 };
}

/**
 * The preprocessing fitted on the training texts, and on them alone: smoothed idf,
 * ln((1 + N) / (1 + df)) + 1, and 0 for a bucket that none of them has; as many tokens as most of them have.
 */
export function fitText(
  texts: Iterable<ProductText>,
  changes: Partial<TextSettings> = {},
): TextPreprocessing {
  const { wordNgrams, charNgrams, ...rest } = textDefaults;
  const settings: TextSettings = {
    ...rest,
    wordNgrams: [...wordNgrams],
    charNgrams: [...charNgrams],
    maximumTokens: mostTokens,
    ...changes,
  };
  const frequencies = new Uint32Array(settings.buckets * 2);
  const lengths = new Uint32Array(mostTokens + 1);
  let documents = 0;
  for (const text of texts) {
    documents++;
    const { tokens } = count(text, settings);
    for (let i = 0; i < tokens.size; i++) (frequencies[tokens.touched[i] as number] as number)++;
    (lengths[Math.min(tokens.size, mostTokens)] as number)++;
    forget(tokens);
  }
  const idf = Float32Array.from(frequencies, (df) =>
    df === 0 ? 0 : Math.log((1 + documents) / (1 + df)) + 1,
  );
  const maximumTokens = changes.maximumTokens ?? tokensFor(lengths, documents);
  return { ...settings, maximumTokens, idf };
}

function tokensFor(lengths: Uint32Array, documents: number): number {
  let [length, whole] = [0, lengths[0] as number];
  while (whole < wholeTexts * documents) whole += lengths[++length] as number;
  const rounded = Math.ceil(length / tokenStep) * tokenStep;
  return Math.min(Math.max(rounded, fewestTokens), mostTokens);
}
