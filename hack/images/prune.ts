import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { progress } from '../process/progress.ts';
import { type Buildah, storageFolder } from './buildah.ts';

/** A development machine's disk is not ours alone: beyond this the layers that no image is made of are removed. */
const limitBytes = 15e9;

/** The bytes of all layers in the storage; `text` is its overlay-layers/layers.json. */
export function layersBytes(text: string): number {
  const layers = JSON.parse(text) as { 'diff-size'?: number }[];
  return layers.reduce((sum, layer) => sum + (layer['diff-size'] ?? 0), 0);
}

/**
 * Removes what earlier builds left: working containers of those that failed, tags of what an image was before, and
 * cached layers once they are too many. To be called by who holds the lock of builds, when `tag` has just been built.
 */
export async function prune(buildah: Buildah, tag: string, config: Config): Promise<void> {
  await buildah(['rm', '--all']);
  const repository = tag.slice(0, tag.lastIndexOf(':'));
  const names = await buildah([
    'images',
    '--format',
    '{{.Name}}:{{.Tag}}',
    '--filter',
    `reference=${repository}`,
  ]);
  const old = names.split('\n').filter((name) => name.startsWith(`${repository}:`) && name !== tag);
  if (old.length > 0) await buildah(['rmi', ...old]);
  const layers = join(storageFolder(config), 'overlay-layers', 'layers.json');
  // No such file with the vfs driver, which has copies in place of layers: there the cache is not looked after.
  const bytes = layersBytes(await readFile(layers, 'utf8').catch(() => '[]'));
  if (bytes < limitBytes) return;
  progress('images').done(
    `removing cached layers: all together hold ${Math.round(bytes / 1e9)} GB`,
  );
  await buildah(['rmi', '--prune', '--force']);
}
