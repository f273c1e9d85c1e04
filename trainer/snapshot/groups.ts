import { createGroups } from '@shelfwise/trainer-contract';

/**
 * Which products are one and the same for a model: those with the same picture bytes or the same
 * normalised text, and what hangs together over several of these. Returns a group's number for
 * each product, counted from 0 in order of first occurrence.
 */
export function groupProducts(
  products: { text: { digest: string }; picture: { digest: string } | null }[],
): number[] {
  const { join, rootOf } = createGroups(products.length);
  const [texts, pictures] = [new Map<string, number>(), new Map<string, number>()];
  for (const [i, { text, picture }] of products.entries()) {
    join(texts, text.digest, i);
    if (picture) join(pictures, picture.digest, i);
  }
  const numbers = new Map<number, number>();
  return products.map((_, i) => {
    const root = rootOf(i);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
    return numbers.get(root) as number;
  });
}
