import type { Readable } from 'node:stream';
import { pictureLimitBytes, readTar, type Store, StoreTooLarge } from '@shelfwise/trainer-contract';
import { createGate, type Leave, largeBytes, mostLarge } from './in-flight.ts';
import type { PictureTask, WantedPictures } from './product.ts';

const tarLimits = { entries: 10_000_000, entryBytes: 2 ** 30, totalBytes: 2 ** 43 };

/** Pictures that are an object each. `objectOf` gives undefined where there is none. */
export async function* fromObjects(
  store: Store,
  wanted: WantedPictures,
  objectOf: (pictureKey: string, index: number) => string | undefined,
): AsyncGenerator<PictureTask> {
  const enter = createGate(mostLarge);
  for await (const { index, pictureKey } of wanted.each()) {
    const key = objectOf(pictureKey, index);
    if (key) yield { index, ...fromObject(store, key, enter) };
  }
}

/** How large it is shows while it is read: a large one is begun anew when there is room for it. */
function fromObject(store: Store, key: string, enter: () => Promise<Leave>) {
  let leave: Leave | undefined;
  return {
    async load(): Promise<Buffer> {
      try {
        return await store.read(key, largeBytes);
      } catch (error) {
        if (!(error instanceof StoreTooLarge)) throw error;
      }
      leave = await enter();
      return await store.read(key, pictureLimitBytes);
    },
    release: () => leave?.(),
  };
}

/** Pictures inside tar files, in the order in which they stand there; others in them are passed over. */
export async function* fromTars(
  store: Store,
  tars: string[],
  indexOf: (name: string) => number | undefined,
): AsyncGenerator<PictureTask> {
  const enter = createGate(mostLarge);
  for (const tar of tars) {
    const source: Readable = await store.stream(tar);
    for await (const entry of readTar(source, { label: tar, limits: tarLimits, foreign: true })) {
      const index = indexOf(entry.name);
      if (index === undefined) continue;
      const { name, size } = entry;
      if (size > pictureLimitBytes) {
        const refuse = () => Promise.reject(new StoreTooLarge(tar, name, pictureLimitBytes));
        yield { index, load: refuse, release: () => undefined };
        continue;
      }
      const leave = size > largeBytes ? await enter() : () => undefined;
      const bytes = Buffer.concat(await Array.fromAsync(entry.body));
      yield { index, load: async () => bytes, release: leave };
    }
  }
}
