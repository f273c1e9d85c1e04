import { createHash } from 'node:crypto';
import { createGroups, type Sample, textOf } from '@shelfwise/trainer-contract';

/**
 * Finds the products of a holdout that are one and the same for a model, such as variants of one thing: the same text but for
 * spaces, or the same bytes of a picture, and what hangs together over several of these. A snapshot keeps such products on
 * one side, so most of a shop's variants are held out together, and a model has them right or wrong together.
 */
export function createAlike(products: number) {
  const { join, rootOf } = createGroups(products);
  const first = new Map<number, number>();

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
      const text = textOf(designation, description);
      if (text !== '') join(first, signOf('text', text), row);
      if (picture) join(first, signOf('picture', picture), row);
    },
    /** For each row a number that rows which are alike have in common. */
    groups: (): Int32Array => Int32Array.from({ length: products }, (_, row) => rootOf(row)),
  };
}

/** 48 bits of a digest: in a number, and of 100,000 products two differ in vain with a chance of one in 50,000. */
function signOf(kind: string, content: string | Uint8Array): number {
  return createHash('sha256').update(kind).update('\0').update(content).digest().readUIntBE(0, 6);
}
