import { createHash } from 'node:crypto';
import { joinText, type Sample } from '@shelfwise/trainer-contract';

/**
 * Finds the products of a holdout that are one and the same for a model, such as variants of one thing: the same text but for
 * spaces, or the same bytes of a picture, and what hangs together over several of these. A snapshot keeps such products on
 * one side, so most of a shop's variants are held out together, and a model has them right or wrong together.
 */
export function createAlike(products: number) {
  const parents = Int32Array.from({ length: products }, (_, row) => row);
  const first = new Map<number, number>();

  function rootOf(row: number): number {
    let root = row;
    while (parents[root] !== root) root = parents[root] as number;
    // The path is cut short for the next search.
    for (let at = row; at !== root; ) {
      const next = parents[at] as number;
      parents[at] = root;
      at = next;
    }
    return root;
  }

  function join(sign: number, row: number): void {
    const other = first.get(sign);
    if (other === undefined) first.set(sign, row);
    else parents[rootOf(row)] = rootOf(other);
  }

  return {
    /** To be called for every row once, in any order, before its picture is given away. */
    add(
      {
        designation,
        description,
        picture,
      }: Pick<Sample, 'designation' | 'description' | 'picture'>,
      row: number,
    ): void {
      const text = joinText(designation, description).replace(/\s+/g, ' ').trim();
      if (text !== '') join(signOf('text', text), row);
      if (picture) join(signOf('picture', picture), row);
    },
    /** For each row a number that rows which are alike have in common. */
    groups: (): Int32Array => parents.map((_, row) => rootOf(row)),
  };
}

/** 48 bits of a digest: in a number, and of 100,000 products two differ in vain with a chance of one in 50,000. */
function signOf(kind: string, content: string | Uint8Array): number {
  return createHash('sha256').update(kind).update('\0').update(content).digest().readUIntBE(0, 6);
}
