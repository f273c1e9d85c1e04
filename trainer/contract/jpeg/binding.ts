import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What is compiled, in the order in which its digest takes it. */
export const jpegSources = [
  'addon.c',
  'decode.c',
  'decode.h',
  'orientation.c',
  'orientation.h',
  'resize.c',
  'resize.h',
] as const;

export interface JpegAddon {
  /**
   * Fills `pixels` (size × size × 3 bytes) and gives undefined, or says why not: `another kind`, `too many pixels`, or
   * libjpeg's words for what is wrong with the file.
   */
  decode(
    bytes: Uint8Array,
    size: number,
    maximumPixels: number,
    pixels: Uint8Array,
  ): string | undefined;
  /** Milliseconds of CPU that the calling thread has used, to the microsecond. */
  threadCpu(): number;
  /** Of libjpeg-turbo. */
  version: string;
}

const require = createRequire(import.meta.url);

/** The workspace's: what is built here goes and comes with the packages. */
const modules = join(import.meta.dirname, '..', '..', '..', 'node_modules');

/** The compiled addon's folder in node_modules, named by the digest of its sources: one that is out of date is not used. */
export function addonFolder(): string {
  const hash = createHash('sha256');
  for (const name of jpegSources) hash.update(readFileSync(join(import.meta.dirname, name)));
  return join(modules, '.shelfwise', `jpeg-${hash.digest('hex').slice(0, 12)}`);
}

let loaded: JpegAddon | undefined;

/** The compiled addon. Throws a sentence when it was not built. */
export function jpegAddon(): JpegAddon {
  if (loaded) return loaded;
  const path = join(addonFolder(), 'jpeg.node');
  try {
    loaded = require(path) as JpegAddon;
  } catch (cause) {
    const [words] = (cause as Error).message.split('\n');
    throw new Error(
      `The decoder of JPEGs does not load: run "npm run setup:jpeg", which compiles it (${words}).`,
      { cause },
    );
  }
  return loaded;
}
