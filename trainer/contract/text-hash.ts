/* How text becomes ids: 32-bit FNV-1a over UTF-16 units, finished by MurmurHash3's mixer. */
export const fnvOffset = 0x811c9dc5 | 0;
export const fnvPrime = 0x01000193;

/** Spreads what FNV-1a left in the high bits over all of them; a number of 32 bits without a sign. */
export function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
