import {
  keys,
  type Manifest,
  openStore,
  sha256Of,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';

const release = 'bench-20261101-000000';

/** Where a store is, and the environment with what opens it. */
export interface StoreAt {
  url: string;
  env: NodeJS.ProcessEnv;
}

/** Puts a model tar into a store, as the trainer does: the tar, then its manifest. */
export async function publish(
  { url, env }: StoreAt,
  tar: { path: string; digest: string; size: number },
): Promise<{ store: string; release: string; digest: string }> {
  const store = openStore(url, storeSettingsFromEnv(env));
  const key = keys.model(release, tar.digest);
  await store.write(key, { path: tar.path });
  const time = '2026-11-01T00:00:00Z';
  const manifest: Manifest = {
    schemaVersion: 1,
    release,
    tar: { name: key.split('/').at(-1) as string, sha256: tar.digest, size: tar.size },
    dataset: sha256Of('none'),
    code: { version: 'bench', image: null },
    seed: 1,
    hyperparameters: {},
    metrics: {},
    parent: null,
    owner: null,
    startedAt: time,
    finishedAt: time,
  };
  await store.write(keys.manifest(release), Buffer.from(JSON.stringify(manifest)));
  return { store: url, release, digest: tar.digest };
}
