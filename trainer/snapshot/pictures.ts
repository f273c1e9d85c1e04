import type { Readable } from 'node:stream';
import { pictureLimitBytes, readTar, type Store } from '@shelfwise/trainer-contract';
import type { PictureTask, WantedPictures } from './product.ts';

const tarLimits = { entries: 10_000_000, entryBytes: 2 ** 30, totalBytes: 2 ** 43 };

/** Pictures that are an object each. `objectOf` gives undefined where there is none. */
export async function* fromObjects(
  store: Store,
  wanted: WantedPictures,
  objectOf: (pictureKey: string, index: number) => string | undefined,
): AsyncGenerator<PictureTask> {
  for await (const { index, pictureKey } of wanted.each()) {
    const key = objectOf(pictureKey, index);
    if (key) yield { index, load: () => store.read(key, pictureLimitBytes + 1) };
  }
}

/** Pictures inside tar files, in the order in which they stand there; others in them are passed over. */
export async function* fromTars(
  store: Store,
  tars: string[],
  indexOf: (name: string) => number | undefined,
): AsyncGenerator<PictureTask> {
  for (const tar of tars) {
    const source: Readable = await store.stream(tar);
    for await (const entry of readTar(source, { label: tar, limits: tarLimits, foreign: true })) {
      const index = indexOf(entry.name);
      if (index === undefined) continue;
      if (entry.size > pictureLimitBytes) {
        yield { index, load: async () => Buffer.alloc(pictureLimitBytes + 1) };
        continue;
      }
      const bytes = Buffer.concat(await Array.fromAsync(entry.body));
      yield { index, load: async () => bytes };
    }
  }
}
