import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  hexOf,
  keys,
  openBundle,
  openStore,
  readManifest,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { isSequence } from '@shelfwise/trainer-contract/text-input';
import { sourcesDigest } from '../../trainer/train/sources.ts';
import type { Config } from '../config.ts';
import { withLock } from '../process/lock.ts';
import { lastJson, run } from '../process/run.ts';
import { exists } from '../tools/exists.ts';
import type { BenchModel } from './contender.ts';

const release = 'bench-20261101-000000';
/** Enough to train on; how many there are changes nothing of what a prediction costs. */
const products = '400';
const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * What `train` makes without options, of the shop of pictograms. It lies in the cache under the digest of the trainer's
 * sources: another trainer trains anew.
 *
 * @param dir a folder in which the bundle is unpacked for the peers
 */
export async function defaultModel(
  dir: string,
  { cacheDir, inherited }: Config,
  say: (line: string) => void,
): Promise<BenchModel> {
  const sources = hexOf(await sourcesDigest()).slice(0, 12);
  const home = join(cacheDir, 'bench-serving', `default-${products}-${sources}`);
  const lock = join(cacheDir, 'locks', 'bench-serving.lock');
  await withLock(
    lock,
    () => say('waiting for another process that trains it'),
    async () => {
      if (await exists(home)) return;
      const draft = `${home}.new`;
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { recursive: true });
      await train(draft, inherited, say);
      await rename(draft, home);
    },
  );
  const url = pathToFileURL(join(home, 'store')).href;
  const store = openStore(url, storeSettingsFromEnv(inherited));
  const { tar } = await readManifest(store, release);
  const file = join(home, 'store', keys.model(release, tar.sha256));
  const bundle = await openBundle(file, tar.sha256, join(dir, 'bundle'));
  const { image, text } = bundle.preprocessing;
  return {
    store: url,
    release,
    digest: tar.sha256,
    peers: {
      model: bundle.modelPath,
      side: image.size,
      tokens: text.maximumTokens,
      padding: isSequence(text) ? text.buckets : 2 * text.buckets,
      classes: bundle.labels.classes,
    },
  };
}

async function train(dir: string, env: NodeJS.ProcessEnv, say: (line: string) => void) {
  const [data, store] = ['data', 'store'].map((name) => pathToFileURL(join(dir, name)).href);
  const node = (...args: (string | undefined)[]) =>
    run(process.execPath, args.map(String), { cwd: root, env });
  say('drawing pictures');
  await node('hack/demo-data/main.ts', '--to', data, '--size', products);
  say('taking a snapshot');
  const out = await node('trainer/main.ts', 'snapshot', '--from', data, '--store', store);
  const { dataset } = lastJson(out);
  say('training');
  const what = ['--dataset', dataset, '--release', release];
  await node('trainer/main.ts', 'train', '--store', store, ...what);
}
