import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Snapshot, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { pino } from 'pino';
import sharp from 'sharp';
import type { TestFolder } from '../folder.fixture.ts';
import type { ProgressEvent, StepIo } from '../step.ts';
import type { SnapshotOptions } from './options.ts';
import { makeSnapshot } from './snapshot.ts';

/** A product of the tests' shop; what is left out gets an ordinary value. */
export interface TestProduct {
  id: string;
  designation?: string;
  description?: string;
  class?: string;
  split?: string;
  /** Bytes of the picture's file; null: the file is missing. */
  picture?: Buffer | null;
}

/** What a step is given, with its scratch inside `folder`, and the progress it tells. */
export async function testIo(folder: string, env: Record<string, string> = {}) {
  const scratchDir = join(folder, 'scratch');
  await mkdir(scratchDir, { recursive: true });
  const told: ProgressEvent[] = [];
  const interruption = new AbortController();
  const io: StepIo = {
    config: {
      store: storeSettingsFromEnv(env),
      scratchDir,
      databaseUrlFile: env.DATABASE_URL_FILE,
      trainDevice: 'cpu',
      backboneDir: undefined,
      cacheHome: undefined,
      logLevel: 'silent',
    },
    signal: interruption.signal,
    log: pino({ level: 'silent' }),
    progress: (event) => told.push(event),
  };
  return { io, told, interruption, scratchLeft: () => readdir(scratchDir) };
}

/** A picture that is unlike every other of another number. */
export async function testPicture(number: number): Promise<Buffer> {
  const shade = { r: number % 256, g: Math.floor(number / 256) % 256, b: 7 };
  return sharp({ create: { width: 8, height: 8, channels: 3, background: shade } })
    .png()
    .toBuffer();
}

/** Twenty products of two classes, each with a picture and a text of its own. */
export async function testProducts(count = 20, from = 0): Promise<Required<TestProduct>[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => ({
      id: `${1000 + from + i}`,
      designation: `Produit ${from + i}`,
      description: `Un objet, numéro ${from + i}`,
      class: i % 2 ? 'jouet' : 'livre',
      split: '',
      picture: await testPicture(from + i),
    })),
  );
}

const nameOf = ({ id }: TestProduct) => `images/image_train/image_${id}9_product_${id}.jpg`;

/** Lays products out as the Rakuten challenge does, below a folder. */
export async function layOut(folder: string, products: TestProduct[]): Promise<void> {
  const cell = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const left = products.map((p, i) =>
    [
      i,
      cell(p.designation ?? `Produit ${p.id}`),
      cell(p.description ?? ''),
      p.id,
      p.id && `${p.id}9`,
      p.split ?? '',
    ].join(','),
  );
  const right = products.map((p, i) => `${i},${cell(p.class ?? 'livre')}`);
  await write(
    folder,
    'X_train.csv',
    [',designation,description,productid,imageid,split', ...left].join('\n'),
  );
  await write(folder, 'Y_train.csv', [',prdtypecode', ...right].join('\n'));
  for (const product of products) {
    if (product.picture) await write(folder, nameOf(product), product.picture);
  }
}

/** Snapshots of the catalogue that lies in the folder's `from`, taken into its store. */
export function snapshotsIn(folder: TestFolder) {
  const lay = (products: TestProduct[]) => layOut(join(folder.path, 'from'), products);

  /** A fifth is held out, and half of the products may be invalid, unless `options` say otherwise. */
  async function takeLaid(
    options: Partial<SnapshotOptions> = {},
    given?: StepIo,
  ): Promise<Snapshot> {
    const io = given ?? (await testIo(folder.path)).io;
    return makeSnapshot(
      {
        from: folder.url('from'),
        store: folder.url('store'),
        source: 'rakuten',
        holdoutPercent: 20,
        maximumInvalidPercent: 50,
        ...options,
      },
      io,
    );
  }

  async function take(products: TestProduct[], parent?: Pick<Snapshot, 'digest'>) {
    await lay(products);
    return takeLaid({ parent: parent?.digest });
  }

  return { lay, takeLaid, take };
}

export async function write(folder: string, name: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), content);
}
