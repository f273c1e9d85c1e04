import type { Readable } from 'node:stream';
import { pictureLimitBytes, readTar, type Store } from '@shelfwise/trainer-contract';
import type { ListedRow, PictureTask } from './product.ts';

const tarLimits = { entries: 10_000_000, entryBytes: 2 ** 30, totalBytes: 2 ** 43 };

/** Pictures that are an object each. `keyOf` gives undefined where there is none. */
export async function* fromObjects(
  store: Store,
  rows: ListedRow[],
  keyOf: (row: ListedRow) => string | undefined,
): AsyncGenerator<PictureTask> {
  for (const row of rows) {
    const key = keyOf(row);
    if (key) yield { row, load: () => store.read(key, pictureLimitBytes + 1) };
  }
}

/** Pictures inside tar files, in the order in which they stand there; others in them are passed over. */
export async function* fromTars(
  store: Store,
  tars: string[],
  rowOf: (name: string) => ListedRow | undefined,
): AsyncGenerator<PictureTask> {
  for (const tar of tars) {
    const source: Readable = await store.stream(tar);
    for await (const entry of readTar(source, { label: tar, limits: tarLimits, foreign: true })) {
      const row = rowOf(entry.name);
      if (!row) continue;
      if (entry.size > pictureLimitBytes) {
        yield { row, load: async () => Buffer.alloc(pictureLimitBytes + 1) };
        continue;
      }
      const bytes = Buffer.concat(await Array.fromAsync(entry.body));
      yield { row, load: async () => bytes };
    }
  }
}
