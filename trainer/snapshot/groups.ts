import { createGroups } from '@shelfwise/trainer-contract';
import { createDigestMap } from './digest-map.ts';
import type { Listed } from './packed-list.ts';

/**
 * Which products are one and the same for a model: those with the same picture bytes or the same
 * normalised text, and what hangs together over several of these. Returns a group's number for
 * each product, counted from 0 in order of first occurrence.
 */
export function groupProducts(
  products: Listed<{ text: { digest: string }; picture: { digest: string } | null }>,
): number[] {
  const { join, rootOf } = createGroups(products.length);
  const [texts, pictures] = [createDigestMap(16), createDigestMap(32)];
  let row = 0;
  for (const { text, picture } of products) {
    join(texts, text.digest, row);
    if (picture) join(pictures, picture.digest, row);
    row++;
  }
  const numbers = new Int32Array(products.length).fill(-1);
  let groups = 0;
  return Array.from({ length: products.length }, (_, i) => {
    const root = rootOf(i);
    if (numbers[root] === -1) numbers[root] = groups++;
    return numbers[root] as number;
  });
}
