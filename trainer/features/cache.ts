import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keys, type Store } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import { createPack, openPack, type Pack, type PackWriter } from './pack.ts';

/**
 * Features of pictures that earlier trainings computed, by the digest of the encoded picture: a week later a shop's pictures
 * are mostly the same. It saves work and no more: whatever is wrong with it is logged, and the features are computed.
 * A store is one shop's: what the products of its last training do not have is forgotten, or it would grow for ever. Who trains
 * on a large dataset and a small one in turn has features of the large one computed anew.
 */
export interface FeatureCache {
  /** The record of a picture, if it is known. */
  find(digest: string): Uint8Array | undefined;
  /** Keeps a record that was computed. Waits only for the pack before the last one to reach the store. */
  add(digest: string, record: Uint8Array): Promise<void>;
  /**
   * Stores what is not stored yet. After a pass over all products (`complete`) it also puts small packs together and leaves out
   * what no product has any more.
   */
  close(complete: boolean): Promise<void>;
}

export interface CacheOptions {
  readonly store: Store;
  /** See recipe.ts. */
  readonly recipe: string;
  readonly recordBytes: number;
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Records a pack: what is lost at most if the trainer is killed, and what is rewritten at a time. */
  readonly packRecords?: number;
}

const usualPackRecords = 4096;
/** So many packs that are less than half full of live records are put together. */
const mostSmallPacks = 8;

interface Held extends Pack {
  /** In the store; undefined as long as the pack is not there. */
  key: string | undefined;
  /** Rows that a product of this training has. */
  readonly live: Set<number>;
}

/** Downloads the recipe's packs and verifies them. Throws only the signal's reason. */
export async function openFeatureCache(options: CacheOptions): Promise<FeatureCache> {
  const { store, recipe, recordBytes, signal, log } = options;
  const packRecords = options.packRecords ?? usualPackRecords;
  const folder = await mkdtemp(join(options.scratchDir, 'features-'));
  const held: Held[] = [];
  const damaged: string[] = [];
  const placeOf = new Map<string, { pack: Held; row: number }>();
  let fresh: { writer: PackWriter; entry: Held } | undefined;
  let uploads: Promise<void> = Promise.resolve();
  let files = 0;
  let usable = true;

  /** What fails is said once; from then on the store is left alone. */
  async function attempt(what: string, action: () => Promise<void>): Promise<void> {
    if (!usable) return;
    try {
      await action();
    } catch (error) {
      signal.throwIfAborted();
      usable = false;
      log.warn({ err: error }, `the cache of picture features ${what}: training goes on without`);
    }
  }

  async function load(key: string): Promise<void> {
    signal.throwIfAborted();
    const path = join(folder, `${files++}`);
    let whole = false;
    try {
      const { sha256 } = await store.readToFile(key, path);
      whole = true;
      if (key !== keys.featurePack(recipe, sha256)) throw new Error(`its digest is ${sha256}`);
      const entry: Held = { ...openPack(path, recordBytes), key, live: new Set() };
      held.push(entry);
      entry.digests.forEach((digest, row) => {
        placeOf.set(digest, { pack: entry, row });
      });
    } catch (error) {
      signal.throwIfAborted();
      // One that could not be read for the moment may be a good one.
      if (whole) damaged.push(key);
      log.warn(
        { err: error, key },
        'a pack of picture features is not used: they are computed anew',
      );
    }
  }

  function append(digest: string, record: Uint8Array): void {
    if (!fresh) {
      const writer = createPack(join(folder, `${files++}`), recordBytes);
      const { digests, read, close } = writer;
      fresh = { writer, entry: { digests, read, close, key: undefined, live: new Set() } };
      held.push(fresh.entry);
    }
    const { writer, entry } = fresh;
    const row = writer.digests.length;
    writer.append(digest, record);
    entry.live.add(row);
    placeOf.set(digest, { pack: entry, row });
  }

  /** Sends the pack that is being written on its way. */
  async function ship(): Promise<void> {
    if (!fresh) return;
    const { writer, entry } = fresh;
    fresh = undefined;
    await uploads;
    uploads = attempt('cannot be written', async () => {
      const key = keys.featurePack(recipe, writer.finish());
      await store.write(key, { path: writer.path });
      entry.key = key;
    });
    // An abort is noticed by whoever waits next; until then it must not count as unhandled.
    uploads.catch(() => undefined);
  }

  async function shipIfFull(): Promise<void> {
    if (fresh && fresh.writer.digests.length >= packRecords) await ship();
  }

  /** Puts packs together that are small or mostly dead, once there are enough of them, and removes what is of no use any more. */
  async function tidy(): Promise<void> {
    const all = held.reduce((sum, { digests }) => sum + digests.length, 0);
    const live = held.reduce((sum, each) => sum + each.live.size, 0);
    const sparse = held.filter((pack) => pack.live.size < packRecords / 2);
    const worthIt = sparse.length >= mostSmallPacks || all - live > all / 2;
    const emptied = worthIt ? sparse : [];
    for (const pack of emptied)
      for (const row of pack.live) {
        append(pack.digests[row] as string, pack.read(row));
        await shipIfFull();
      }
    await ship();
    await uploads;
    if (!usable) return;
    // By their content: a pack that was damaged, or emptied, may be written again under the same key.
    const kept = new Set(held.filter((pack) => !emptied.includes(pack)).map(({ key }) => key));
    for (const key of [...emptied.map((pack) => pack.key), ...damaged]) {
      signal.throwIfAborted();
      if (key && !kept.has(key)) await store.remove(key);
    }
  }

  await attempt('cannot be read', async () => {
    for await (const { key } of store.list(keys.featurePacks(recipe))) await load(key);
  });
  return {
    find(digest) {
      const place = placeOf.get(digest);
      if (!place) return undefined;
      place.pack.live.add(place.row);
      return place.pack.read(place.row);
    },
    async add(digest, record) {
      if (placeOf.has(digest)) return;
      append(digest, record);
      await shipIfFull();
    },
    async close(complete) {
      try {
        await ship();
        await uploads;
        if (complete) await attempt('cannot be tidied', tidy);
      } finally {
        for (const each of held) each.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
