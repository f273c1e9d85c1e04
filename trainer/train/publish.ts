import {
  canonicalJson,
  keys,
  type Manifest,
  modelTarName,
  readManifest,
  StepError,
  type Store,
  StoreNotFound,
} from '@shelfwise/trainer-contract';

/** What makes two trainings the same one. */
export type Identity = Pick<Manifest, 'release' | 'dataset' | 'seed' | 'hyperparameters'>;

/**
 * The manifest of the release, if this very training was already published: a pod may have died between
 * its last write and its report.
 *
 * @throws StepError LostRace if the release is another training's
 */
export async function alreadyPublished(
  store: Store,
  wanted: Identity,
): Promise<Manifest | undefined> {
  const found = await readManifest(store, wanted.release).catch((error: unknown) => {
    if (error instanceof StoreNotFound) return undefined;
    throw error;
  });
  if (found && canonicalJson(identityOf(found)) !== canonicalJson(identityOf(wanted)))
    throw new StepError(
      'LostRace',
      `The release ${wanted.release} in ${store.url} is already there, trained on ${found.dataset} with other settings: choose another name.`,
    );
  return found;
}

/**
 * Uploads the tar, then the manifest that names it, which only one writer can.
 *
 * @throws StoreConflict (LostRace) if another writer's manifest came first; its own tar then stays unnamed
 */
export async function publish(
  store: Store,
  manifest: Manifest,
  tarPath: string,
  signal: AbortSignal,
): Promise<void> {
  const { release, tar } = manifest;
  await store.write(
    keys.model(release, tar.sha256),
    { path: tarPath },
    { contentType: 'application/x-tar' },
  );
  signal.throwIfAborted();
  await store.write(keys.manifest(release), Buffer.from(canonicalJson(manifest)), {
    ifNoneMatch: true,
    contentType: 'application/json',
  });
}

/** The part of a manifest that names a tar. */
export function tarReference({ digest, size }: { digest: string; size: number }): Manifest['tar'] {
  return { name: modelTarName(digest), sha256: digest, size };
}

function identityOf({ release, dataset, seed, hyperparameters }: Identity): Identity {
  return { release, dataset, seed, hyperparameters };
}
