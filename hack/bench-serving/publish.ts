import { openStore, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { publishTar } from '../../inference/fixtures/release.ts';

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
  await publishTar(store, { release, tar, version: 'bench', time: '2026-11-01T00:00:00Z' });
  return { store: url, release, digest: tar.digest };
}
