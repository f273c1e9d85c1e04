import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  keys,
  type ShardReference,
  type Store,
  StoreConflict,
  shardEntries,
  tarBytes,
  writeHashed,
} from '@shelfwise/trainer-contract';
import { concurrently } from '../concurrently.ts';
import type { Listed } from './packed-list.ts';
import type { Product } from './product.ts';
import type { Spool } from './spool.ts';
import { readText } from './text.ts';

/** Small enough that a week's new products leave most shards as they are; large enough for a bucket's latency. */
const productsPerShard = 256;
const uploads = 4;

/**
 * Products (sorted by key) in buckets by the first bits of their keys: a power of two of them,
 * with at most 256 products each on average; empty ones left out.
 */
export function* shardBuckets<T extends { key: string }>(products: Listed<T>): Generator<T[]> {
  const bits = Math.max(0, Math.ceil(Math.log2(products.length / productsPerShard)));
  const bucketOf = ({ key }: T) =>
    Math.floor(Number.parseInt(key.slice(0, 8), 16) / 2 ** (32 - bits));
  let bucket: T[] = [];
  for (const product of products) {
    if (bucket[0] && bucketOf(bucket[0]) !== bucketOf(product)) {
      yield bucket;
      bucket = [];
    }
    bucket.push(product);
  }
  if (bucket.length > 0) yield bucket;
}

/** Writes the shards of one side, but for those that the store has already. */
export async function writeShards(
  products: Listed<Product>,
  { store, spool, dir, signal, advance }: Writing,
): Promise<ShardReference[]> {
  const shards: ShardReference[] = [];
  const buckets = shardBuckets(products).map((bucket, i) => [i, bucket] as const);
  await concurrently(buckets, uploads, async ([i, bucket]) => {
    signal.throwIfAborted();
    const path = join(dir, `${bucket[0]?.key}.tar`);
    const { digest, size } = await writeHashed(path, tarBytes(files(bucket, spool)));
    await upload(store, keys.shard(digest), path, size);
    await rm(path);
    shards[i] = { digest, size, products: bucket.length };
    advance(bucket.length);
  });
  return shards;
}

interface Writing {
  store: Store;
  spool: Spool;
  /** For a shard while it is written. */
  dir: string;
  signal: AbortSignal;
  advance(by: number): void;
}

async function* files(bucket: Product[], spool: Spool) {
  for (const product of bucket) {
    const bytes = product.picture && (await spool.read(product.picture));
    const { id, designation, description } = await readText(spool, product);
    yield* shardEntries({ id, designation, description, class: product.class, picture: bytes });
  }
}

/** A shard's name is its digest: what is there under that name, and whole, need not be written again. */
async function upload(store: Store, key: string, path: string, size: number): Promise<void> {
  const there = await store.stat(key);
  if (there?.size === size) return;
  try {
    const ifNoneMatch = there ? {} : { ifNoneMatch: true as const };
    await store.write(key, { path }, { ...ifNoneMatch, contentType: 'application/x-tar' });
  } catch (error) {
    // Another run that works on the same products was faster.
    if (!(error instanceof StoreConflict)) throw error;
  }
}
