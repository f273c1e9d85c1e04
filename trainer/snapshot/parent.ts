import { readMembers, readSnapshot, type Store } from '@shelfwise/trainer-contract';
import { pictureProbe } from './probe.ts';
import type { Side } from './product.ts';

/** What an earlier dataset says of the products of this one. */
export interface Parent {
  /** Side, and class where the parent tells it, of each of its products by key. */
  members: Map<string, { side: Side; class: string | null }>;
  /** Digests of pictures that the same program read to their last pixel then: they need not be decoded again. */
  verified: Set<string>;
}

/** Reads the parent; without one nothing is known. */
export async function readParent(store: Store, dataset: string | undefined): Promise<Parent> {
  const parent: Parent = { members: new Map(), verified: new Set() };
  if (!dataset) return parent;
  const snapshot = await readSnapshot(store, dataset);
  const { train, holdout, classes, pictures } = await readMembers(store, snapshot);
  for (const [side, keys] of Object.entries({ train, holdout }) as [Side, string[]][]) {
    keys.forEach((key, i) => {
      const name = snapshot.classes[classes?.[side][i] ?? -1]?.class ?? null;
      parent.members.set(key, { side, class: name });
    });
  }
  if (pictures?.probe === pictureProbe) parent.verified = new Set(pictures.verified);
  return parent;
}
