import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const trainer = join(import.meta.dirname, '..');
/** TypeScript, the decoder's C, the converters of weights, and package.json, which says with which libraries. */
const counted = /\.(ts|c|h|py|json)$/;

/**
 * A digest of the trainer's sources. In an image its reference says which code runs; in a source checkout nothing else does, and a
 * checkpoint of other code must not be gone on with. What only tests read does not count.
 */
export async function sourcesDigest(folder = trainer): Promise<string> {
  const entries = await readdir(folder, { recursive: true });
  const sources = entries
    .filter((path) => counted.test(path) && !/\.(test|fixture)\.[a-z]+$/.test(path))
    .filter((path) => !path.split(/[\\/]/).includes('node_modules'))
    .sort();
  const hash = createHash('sha256');
  for (const path of sources) {
    const content = await readFile(join(folder, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return `sha256:${hash.digest('hex')}`;
}
