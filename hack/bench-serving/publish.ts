import { pathToFileURL } from 'node:url';
import { keys, type Manifest, openStore, sha256Of } from '@shelfwise/trainer-contract';

const release = 'bench-20261101-000000';

/** Puts a model tar into a store in `dir`, as the trainer does: the tar, then its manifest. */
export async function publish(
  dir: string,
  tar: { path: string; digest: string; size: number },
): Promise<{ store: string; release: string; digest: string }> {
  const url = pathToFileURL(dir).href;
  const store = openStore(url, { region: 'none', forcePathStyle: false });
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
