import {
  canonicalJson,
  datasetDigest,
  keys,
  type Members,
  readSnapshot,
  type Snapshot,
  type Store,
  StoreConflict,
  sha256Of,
} from '@shelfwise/trainer-contract';

/**
 * Writes members.json, then snapshot.json, which makes the dataset exist. One of the same digest
 * that is already there is the same dataset; it is verified and stays as it is. Returned is what
 * this run found, whose times and invalid rows may be others.
 */
export async function publishSnapshot(
  store: Store,
  content: Omit<Snapshot, 'digest' | 'members'>,
  members: Members,
): Promise<Snapshot> {
  const digest = datasetDigest(content);
  const list = Buffer.from(canonicalJson(members));
  const snapshot: Snapshot = {
    ...content,
    digest,
    members: { digest: sha256Of(list), size: list.length },
  };
  await writeOnce(store, keys.members(digest), list);
  const isNew = await writeOnce(store, keys.snapshot(digest), json(snapshot));
  if (!isNew) await readSnapshot(store, digest);
  return snapshot;
}

async function writeOnce(store: Store, key: string, body: Buffer): Promise<boolean> {
  try {
    await store.write(key, body, { ifNoneMatch: true, contentType: 'application/json' });
    return true;
  } catch (error) {
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}

function json(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
