import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexOf } from './digest.ts';
import { keys } from './layout.ts';
import { StepError } from './messages.ts';
import { readShard, type Sample } from './shard.ts';
import type { ShardReference, Snapshot } from './snapshot.ts';
import type { Store } from './store.ts';

/**
 * The products of one side of a snapshot, shard by shard, in a fixed order. A shard is downloaded
 * into `scratchDir` and its digest verified before its first product is given out; meanwhile the
 * next one is on its way.
 */
export async function* samples(
  store: Store,
  snapshot: Snapshot,
  side: 'train' | 'holdout',
  options: { scratchDir?: string } = {},
): AsyncGenerator<Sample> {
  const dir = await mkdtemp(join(options.scratchDir ?? tmpdir(), 'shards-'));
  const shards = snapshot.shards[side];
  const downloads = new Map<number, Promise<string>>();
  const begin = (i: number) => {
    const shard = shards[i];
    if (!shard) return;
    const download = fetchShard(store, shard, dir);
    // Its failure is thrown where it is awaited; until then it must not count as unhandled.
    download.catch(() => undefined);
    downloads.set(i, download);
  };
  try {
    begin(0);
    for (const [i, shard] of shards.entries()) {
      const path = await (downloads.get(i) as Promise<string>);
      begin(i + 1);
      let products = 0;
      for await (const sample of readShard(createReadStream(path), keys.shard(shard.digest))) {
        products++;
        yield sample;
      }
      if (products !== shard.products) {
        throw new StepError(
          'BadData',
          `${keys.shard(shard.digest)} in ${store.url} holds ${products} products, not ${shard.products}.`,
        );
      }
      downloads.delete(i);
      await rm(path);
    }
  } finally {
    await Promise.allSettled(downloads.values());
    await rm(dir, { recursive: true, force: true });
  }
}

async function fetchShard(store: Store, shard: ShardReference, dir: string): Promise<string> {
  const key = keys.shard(shard.digest);
  const path = join(dir, `${hexOf(shard.digest)}.tar`);
  const { sha256 } = await store.readToFile(key, path);
  if (sha256 !== shard.digest) {
    throw new StepError(
      'BadData',
      `${key} in ${store.url} has the digest ${sha256}: it was changed.`,
    );
  }
  return path;
}
