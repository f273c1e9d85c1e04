import { joinText, sha256Of } from '@shelfwise/trainer-contract';
import type { Product } from './product.ts';

/**
 * Which products are one and the same for a model: those with the same picture bytes or the same
 * normalised text, and what hangs together over several of these. Returns a group's number for
 * each product, counted from 0 in order of first occurrence, and how many groups there are.
 */
export function groupProducts(
  products: Pick<Product, 'designation' | 'description' | 'picture'>[],
): { groups: number[]; count: number } {
  const parents = products.map((_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parents[root] !== root) root = parents[root] as number;
    // The path is cut short for the next search.
    for (let at = i; at !== root; ) {
      const next = parents[at] as number;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  const first = new Map<string, number>();
  const join = (sign: string, i: number) => {
    const other = first.get(sign);
    if (other === undefined) first.set(sign, i);
    else parents[find(i)] = find(other);
  };
  for (const [i, { designation, description, picture }] of products.entries()) {
    const text = joinText(designation, description).replace(/\s+/g, ' ').trim();
    // By its hash: the texts of a large catalogue need not be in memory twice.
    join(`text ${sha256Of(text)}`, i);
    if (picture) join(`picture ${picture.digest}`, i);
  }
  const numbers = new Map<number, number>();
  const groups = products.map((_, i) => {
    const root = find(i);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
    return numbers.get(root) as number;
  });
  return { groups, count: numbers.size };
}
