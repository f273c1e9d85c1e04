import type { TextFeatures } from './text.ts';
import { fnvOffset, fnvPrime, mix } from './text-hash.ts';
import { joinText } from './text-normalise.ts';

/** Text as a sequence of words, for networks that read one after the other. */
export interface SequencePreprocessing {
  readonly kind: 'sequence';
  /** Words are hashed into ids 0 … buckets-1; what is no word is `buckets`. */
  readonly buckets: number;
  /** Length of the sequence. Of a longer text the first words are taken; a shorter one has its padding in front. */
  readonly maximumTokens: number;
}

const word = /[\p{L}\p{N}]+/gu;

/**
 * The words of a product's text in order, hashed (32-bit FNV-1a over UTF-16 units, MurmurHash3's finisher), so that no
 * vocabulary has to be kept; weights are 1 for words and 0 for padding. Never throws, whatever the text.
 */
export function sequenceText(
  designation: string | null,
  description: string | null,
  { buckets, maximumTokens }: SequencePreprocessing,
): TextFeatures {
  const ids = new Int32Array(maximumTokens).fill(buckets);
  const weights = new Float32Array(maximumTokens);
  const found: number[] = [];
  for (const [each] of joinText(designation, description).matchAll(word)) {
    found.push(hash(each) % buckets);
    if (found.length === maximumTokens) break;
  }
  const from = maximumTokens - found.length;
  ids.set(found, from);
  weights.fill(1, from);
  return { ids, weights, present: found.length > 0 };
}

/** How many words a text has. */
export function countWords(designation: string | null, description: string | null): number {
  return joinText(designation, description).match(word)?.length ?? 0;
}

function hash(text: string): number {
  let h = fnvOffset;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), fnvPrime);
  return mix(h);
}
