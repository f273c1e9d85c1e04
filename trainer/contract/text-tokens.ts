import { fnvOffset, fnvPrime, mix } from './text-hash.ts';

/** Which n-grams to hash, and into how many buckets for each of the two blocks (words, characters). */
export interface NgramSettings {
  buckets: number;
  wordNgrams: [number, number];
  charNgrams: [number, number];
}

/** How often each bucket occurs: `counts[id]` for the ids in `touched[0 … size)`, in order of first occurrence. */
export interface TokenCounts {
  counts: Uint16Array;
  touched: Int32Array;
  size: number;
}

const space = 0x20;
const mostCounted = 0xffff;

// Per UTF-16 unit: 1 = belongs to a word, 2 = white space. A surrogate is part of a word, paired or not, and so is
// a mark, where marks are kept: without it the words of Hindi would end at their vowels.
const kinds = new Uint8Array(0x10000);
for (let unit = 0; unit < kinds.length; unit++) {
  const character = String.fromCharCode(unit);
  if (/[\p{L}\p{M}\p{N}_\p{Cs}]/u.test(character)) kinds[unit] = 1;
  else if (/\s/.test(character)) kinds[unit] = 2;
}

// Reused from call to call: a call is synchronous, and 128 KiB a request would be the largest garbage of a prediction.
let scratch: TokenCounts = { counts: new Uint16Array(0), touched: new Int32Array(0), size: 0 };
let units = new Uint16Array(4096);

/**
 * Counts hashed n-grams of a normalised text: words (runs of two and more letters, digits, _) in
 * ids 0 … buckets-1, characters within white-space-bounded words, with a space on both sides, in
 * ids buckets … 2·buckets-1 (scikit-learn's `char_wb`). Hash: 32-bit FNV-1a over UTF-16 units,
 * finished by MurmurHash3's mixer. The result is overwritten by the next call; call `forget` after use.
 */
export function countTokens(text: string, settings: NgramSettings): TokenCounts {
  const ids = settings.buckets * 2;
  if (scratch.counts.length < ids) {
    scratch = { counts: new Uint16Array(ids), touched: new Int32Array(ids), size: 0 };
  }
  scratch.size = 0;
  return countMore(text, settings);
}

/**
 * Adds the n-grams of another text to those of the last call of `countTokens`; none reaches from one text into the other.
 * With another `salt` the same n-gram is another token.
 */
export function countMore(text: string, settings: NgramSettings, salt = 0): TokenCounts {
  const length = layOut(text);
  countWords(length, settings, fnvOffset ^ salt);
  countCharacters(length, settings, fnvOffset ^ salt);
  return scratch;
}

/** Clears the counts for the next call, touching only what was counted. */
export function forget(tokens: TokenCounts): void {
  for (let i = 0; i < tokens.size; i++) tokens.counts[tokens.touched[i] as number] = 0;
  tokens.size = 0;
}

/** Writes the text into `units` with single spaces between words and one at each end; returns its length. */
function layOut(text: string): number {
  if (units.length < text.length + 2) units = new Uint16Array(text.length * 2 + 2);
  let length = 0;
  units[length++] = space;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (kinds[unit] !== 2) units[length++] = unit;
    else if (units[length - 1] !== space) units[length++] = space;
  }
  if (units[length - 1] !== space) units[length++] = space;
  return length;
}

function countCharacters(length: number, settings: NgramSettings, basis: number): void {
  const { buckets } = settings;
  const [shortest, longest] = settings.charNgrams;
  let end = 0;
  for (let start = 0; start < length - 1; start++) {
    // The n-grams of a word end with the space behind it.
    if (start === end) {
      end++;
      while (units[end] !== space) end++;
    }
    const last = Math.min(end, start + longest - 1);
    let hash = basis;
    for (let i = start; i <= last; i++) {
      hash = Math.imul(hash ^ (units[i] as number), fnvPrime);
      if (i - start + 1 >= shortest) count(buckets + (mix(hash) % buckets));
    }
  }
}

function countWords(length: number, settings: NgramSettings, basis: number): void {
  const { buckets } = settings;
  const [shortest, longest] = settings.wordNgrams;
  // hashes[n] is the running hash of the n words before this one; words counts them.
  const hashes = new Int32Array(longest + 1).fill(basis);
  let words = 0;
  let start = 0;
  while (start < length) {
    while (start < length && kinds[units[start] as number] !== 1) start++;
    let end = start;
    while (end < length && kinds[units[end] as number] === 1) end++;
    if (end - start >= 2) {
      words++;
      for (let n = Math.min(longest, words); n >= 1; n--) {
        let hash = n === 1 ? basis : Math.imul((hashes[n - 1] as number) ^ space, fnvPrime);
        for (let i = start; i < end; i++) {
          hash = Math.imul(hash ^ (units[i] as number), fnvPrime);
        }
        hashes[n] = hash;
        if (n >= shortest) count(mix(hash) % buckets);
      }
    }
    start = end;
  }
}

function count(id: number): void {
  const { counts, touched } = scratch;
  const before = counts[id] as number;
  if (before === 0) touched[scratch.size++] = id;
  if (before < mostCounted) counts[id] = before + 1;
}
