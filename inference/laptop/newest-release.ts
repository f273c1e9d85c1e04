import { readManifest, StepError, type Store } from '@shelfwise/trainer-contract';

/** The release that was asked for, else the one that was trained last. Throws BadConfiguration where there is none. */
export async function chooseRelease(
  store: Store,
  asked: string | undefined,
): Promise<{ release: string; digest: string }> {
  const names = asked === undefined ? await releaseNames(store) : [asked];
  const manifests = await Promise.all(names.map((name) => readManifest(store, name)));
  const newest = manifests.sort((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1))[0];
  if (!newest) {
    throw new StepError(
      'BadConfiguration',
      `There is no release in ${store.url} (releases/NAME/manifest.json): train one with npm run -s trainer -- train --store ${store.url} --dataset sha256:… --release NAME.`,
    );
  }
  return { release: newest.release, digest: newest.tar.sha256 };
}

async function releaseNames(store: Store): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of store.list('releases/')) {
    const name = /^releases\/([^/]+)\/manifest\.json$/.exec(key)?.[1];
    if (name) names.push(name);
  }
  return names;
}
