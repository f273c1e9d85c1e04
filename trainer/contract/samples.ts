import type { Snapshot } from './snapshot.ts';
import type { Store } from './store.ts';

/** One labelled product. `picture` holds the bytes of the encoded file. */
export interface Sample {
  id: string;
  designation: string;
  description: string | null;
  class: string;
  picture: Buffer | null;
}

/**
 * The products of one side of a snapshot, shard by shard, in a fixed order. A shard is downloaded
 * into `scratchDir` and its digest verified before its first product is given out.
 */
export async function* samples(
  store: Store,
  snapshot: Snapshot,
  side: 'train' | 'holdout',
  options: { scratchDir?: string } = {},
): AsyncGenerator<Sample> {
  throw new Error(`not written yet ${store.url} ${snapshot.digest} ${side} ${options.scratchDir}`);
}
