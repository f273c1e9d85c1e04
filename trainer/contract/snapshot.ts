import { z } from 'zod';
import { canonicalJson, sha256Of } from './digest.ts';
import { keys } from './layout.ts';
import { digestSchema, StepError } from './messages.ts';
import { parseDocument } from './parse.ts';
import type { Store } from './store.ts';

const count = z.number().int().nonnegative();
const shardSchema = z.object({ digest: digestSchema, size: count, products: count });
export type ShardReference = z.infer<typeof shardSchema>;

/** What was left out of a snapshot, and why. `row` counts from 1 after the header; 0 where there is none. */
export const invalidSchema = z.object({
  row: count,
  column: z.string(),
  value: z.string().nullable(),
  reason: z.string(),
});
export type Invalid = z.infer<typeof invalidSchema>;

/** An immutable set of labelled products: which, how they are split, and the shards that hold them. */
export const snapshotSchema = z.object({
  schemaVersion: z.literal(1),
  digest: digestSchema,
  products: count,
  counts: z.object({ train: count, holdout: count, groups: count, invalid: count }),
  classes: z.array(z.object({ class: z.string().min(1), train: count, holdout: count })),
  shards: z.object({ train: z.array(shardSchema), holdout: z.array(shardSchema) }),
  /** Which product stands on which side, for the next snapshot: `datasets/<hex>/members.json`. */
  members: z.object({ digest: digestSchema, size: count }),
  source: z.object({ kind: z.enum(['rakuten', 'catalog']), url: z.string() }),
  parent: digestSchema.nullable(),
  invalid: z.array(invalidSchema).max(1000),
  createdAt: z.iso.datetime(),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/**
 * Keys (hashes of product ids) on either side of the split, sorted, and what the next snapshot need not find out again.
 * The optional parts came later: what lacks them is a parent all the same.
 */
export const membersSchema = z.object({
  schemaVersion: z.literal(1),
  train: z.array(z.string()),
  holdout: z.array(z.string()),
  /** The class of each, by its place in snapshot.json's list. */
  classes: z.object({ train: z.array(count), holdout: z.array(count) }).optional(),
  /** SHA-256, sorted, of the pictures' files; `probe` names what read each to its last pixel. */
  pictures: z.object({ probe: z.string(), verified: z.array(z.string()) }).optional(),
});
export type Members = z.infer<typeof membersSchema>;

/** The dataset's name: covers products, labels and split (by the shards), not times or source. */
export function datasetDigest(snapshot: Pick<Snapshot, 'classes' | 'shards'>): string {
  const digests = (shards: ShardReference[]) => shards.map((shard) => shard.digest);
  return sha256Of(
    canonicalJson({
      schemaVersion: 1,
      classes: snapshot.classes,
      shards: { train: digests(snapshot.shards.train), holdout: digests(snapshot.shards.holdout) },
    }),
  );
}

/** Reads snapshot.json of a dataset and verifies that it is the one of that digest. */
export async function readSnapshot(store: Store, dataset: string): Promise<Snapshot> {
  const key = keys.snapshot(digestSchema.parse(dataset));
  const snapshot = parseDocument(snapshotSchema, await store.read(key), key);
  const actual = datasetDigest(snapshot);
  if (snapshot.digest !== dataset || actual !== dataset) {
    throw new StepError(
      'BadData',
      `${key} in ${store.url} describes the dataset ${actual}, not ${dataset}: it was changed after it was written.`,
    );
  }
  return snapshot;
}

/** Reads which products stood on which side of a snapshot, and verifies it. */
export async function readMembers(store: Store, snapshot: Snapshot): Promise<Members> {
  const key = keys.members(snapshot.digest);
  const bytes = await store.read(key, snapshot.members.size);
  if (sha256Of(bytes) !== snapshot.members.digest) {
    throw new StepError('BadData', `${key} in ${store.url} is not what its snapshot.json names.`);
  }
  return parseDocument(membersSchema, bytes, key);
}
