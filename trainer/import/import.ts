import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openStore, pictureLimitBytes, StepError, type Store } from '@shelfwise/trainer-contract';
import { concurrently } from '../concurrently.ts';
import { createPace } from '../pace.ts';
import type { StepIo } from '../step.ts';
import { type DownloadedFile, openDownload } from './download.ts';

const uploads = 32;
const pictureName = /^image_\w+_product_\w+\.(jpe?g|png|webp)$/i;

export interface ImportResult {
  pictures: number;
  /** Of these, how many were there already. */
  present: number;
  /** Pictures that are larger than a snapshot takes. */
  tooLarge: number;
}

/**
 * Brings a download of the Rakuten challenge into the layout that snapshot reads. What is there
 * already with the same size is not sent again; the tables come last, so that a layout with tables
 * has all its pictures.
 */
export async function importDownload(from: string, to: string, io: StepIo): Promise<ImportResult> {
  const store = openStore(to, io.config.store);
  const download = await openDownload(from);
  try {
    const products = table(download.files, 'X_train', from);
    const labels = table(download.files, 'Y_train', from);
    const pictures = download.files.filter(isTrainingPicture);
    if (pictures.length === 0) {
      throw new StepError(
        'BadData',
        `There is no picture image_<imageid>_product_<productid>.jpg in ${from} or in its zips: put the images folder or images.zip there.`,
      );
    }
    const result = await sendPictures(store, pictures, io);
    await sendTable(store, labels, 'Y_train.csv', io);
    await sendTable(store, products, 'X_train.csv', io);
    return result;
  } finally {
    download.close();
  }
}

function isTrainingPicture({ name }: DownloadedFile): boolean {
  const folder = posix.basename(posix.dirname(name));
  return (
    folder !== 'image_test' &&
    !name.startsWith('__MACOSX/') &&
    pictureName.test(posix.basename(name))
  );
}

/** The one file called `X_train….csv`: the challenge adds a version or a code to its names. */
function table(files: DownloadedFile[], beginning: string, from: string): DownloadedFile {
  const pattern = new RegExp(`^${beginning}.*\\.csv$`, 'i');
  const found = files.filter(
    ({ name }) => pattern.test(posix.basename(name)) && !name.startsWith('__MACOSX/'),
  );
  const [first, second] = found;
  if (first && !second) return first;
  throw new StepError(
    'BadData',
    first
      ? `There are several ${beginning}*.csv in ${from}: ${found.map(({ name }) => name).join(', ')}; leave one.`
      : `There is no ${beginning}*.csv in ${from}.`,
  );
}

async function sendPictures(store: Store, pictures: DownloadedFile[], io: StepIo) {
  const there = new Map<string, number>();
  for await (const { key, size } of store.list('images/image_train/')) there.set(key, size);
  const pace = createPace(io.progress, {
    step: 'import',
    phase: 'pictures',
    total: pictures.length,
  });
  const result = { pictures: pictures.length, present: 0, tooLarge: 0 };
  await concurrently(pictures, uploads, async (picture) => {
    io.signal.throwIfAborted();
    const key = `images/image_train/${posix.basename(picture.name)}`;
    if (there.get(key) === picture.size) result.present++;
    else if (picture.size > pictureLimitBytes) result.tooLarge++;
    else await store.write(key, Buffer.concat(await Array.fromAsync(chunksOf(picture))));
    pace.advance();
  });
  return result;
}

/** The file's bytes; what is wrong with a zip may show only here. */
async function* chunksOf(file: DownloadedFile): AsyncGenerator<Buffer> {
  try {
    yield* (await file.open()) as AsyncIterable<Buffer>;
  } catch (cause) {
    const { message } = cause as Error;
    throw new StepError('BadData', `${file.name} cannot be read: ${message}.`, { cause });
  }
}

async function sendTable(store: Store, file: DownloadedFile, key: string, { config }: StepIo) {
  const dir = await mkdtemp(join(config.scratchDir, 'import-'));
  try {
    const path = join(dir, key);
    await pipeline(chunksOf(file), createWriteStream(path));
    await store.write(key, { path }, { contentType: 'text/csv' });
  } finally {
    await rm(dir, { recursive: true });
  }
}
