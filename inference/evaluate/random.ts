import { createHash } from 'node:crypto';

/**
 * Random integers below `n`, the same ones for the same seed, whatever that is. The generator is sfc32 of Chris
 * Doty-Humphrey's PractRand: 128 bits of state, fast in 32-bit arithmetic.
 */
export function randomIntegers(seed: string): (n: number) => number {
  const bytes = createHash('sha256').update(seed).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => bytes.readInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  return (n) => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    // Off from even by less than n / 2^32, which a holdout is far too small to show.
    return Math.floor(((sum >>> 0) / 2 ** 32) * n);
  };
}
