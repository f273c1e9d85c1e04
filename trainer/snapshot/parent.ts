import { readMembers, readSnapshot, type Store } from '@shelfwise/trainer-contract';
import { createDigestMap, type DigestMap } from './digest-map.ts';
import { pictureProbe } from './probe.ts';
import type { Side } from './product.ts';

/** What an earlier dataset says of a product of this one. */
export interface ParentMember {
  side: Side;
  /** Null where the parent does not tell it. */
  class: string | null;
}

export interface ParentMembers {
  readonly length: number;
  at(index: number): ParentMember;
  /** The index of the product with this key. */
  find(key: string): number | undefined;
}

/** What an earlier dataset says of the products of this one. */
export interface Parent {
  members: ParentMembers;
  /** Digests of pictures that the same program read to their last pixel then: they need not be decoded again. */
  verified: DigestMap;
}

/** Reads the parent; without one nothing is known. */
export async function readParent(store: Store, dataset: string | undefined): Promise<Parent> {
  const verified = createDigestMap(32);
  if (!dataset) return { members: parentMembers([]), verified };
  const snapshot = await readSnapshot(store, dataset);
  const { train, holdout, classes, pictures } = await readMembers(store, snapshot);
  const names = snapshot.classes.map((entry) => entry.class);
  const sides = { train, holdout };
  const members = (Object.keys(sides) as Side[]).map((side) => ({
    side,
    keys: sides[side],
    classes: classes?.[side],
  }));
  if (pictures?.probe === pictureProbe)
    for (const digest of pictures.verified) verified.set(digest, 1);
  return { members: parentMembers(members, names), verified };
}

/** `classes` are numbers of `names`, one for each of the keys. */
function parentMembers(
  lists: { side: Side; keys: string[]; classes?: number[] | undefined }[],
  names: string[] = [],
): ParentMembers {
  const indices = createDigestMap(16);
  const length = lists.reduce((sum, { keys }) => sum + keys.length, 0);
  const [held, numbers] = [new Uint8Array(length), new Int32Array(length).fill(-1)];
  let index = 0;
  for (const { side, keys, classes } of lists)
    keys.forEach((key, i) => {
      indices.set(key, index);
      held[index] = side === 'holdout' ? 1 : 0;
      numbers[index] = classes?.[i] ?? -1;
      index++;
    });
  return {
    length,
    at: (i) => ({
      side: held[i] ? 'holdout' : 'train',
      class: names[numbers[i] as number] ?? null,
    }),
    find: indices.get,
  };
}
