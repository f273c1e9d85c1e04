import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const trainer = join(import.meta.dirname, '..');

/**
 * A digest of the trainer's sources. In an image its reference says which code runs; in a source checkout nothing else does, and a
 * checkpoint of other code must not be gone on with. `kinds` are the files that count, but for those of tests.
 */
export async function sourcesDigest(folder = trainer, kinds = /\.ts$/): Promise<string> {
  const entries = await readdir(folder, { recursive: true });
  const sources = entries
    .filter((path) => kinds.test(path) && !/\.(test|fixture)\.ts$/.test(path))
    .filter((path) => !path.split(/[\\/]/).includes('node_modules'))
    .sort();
  const hash = createHash('sha256');
  for (const path of sources) {
    const content = await readFile(join(folder, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return `sha256:${hash.digest('hex')}`;
}
