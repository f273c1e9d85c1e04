import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import {
  openStore,
  StepError,
  type Store,
  StoreNotFound,
  type StoreSettings,
  sampleKey,
} from '@shelfwise/trainer-contract';
import { type CsvRow, readCsv } from './csv.ts';
import { createDigestMap } from './digest-map.ts';
import { fromObjects, fromTars } from './pictures.ts';
import type { Row, Side, Source } from './product.ts';

const products = 'X_train.csv';
const labels = 'Y_train.csv';
const images = 'images/';

/**
 * The layout of the Rakuten challenge below `url`: X_train.csv, Y_train.csv, and pictures named
 * image_<imageid>_product_<productid> as objects or in tar files below images/.
 */
export function openRakuten(url: string, settings: StoreSettings): Source {
  const store = openStore(url, settings);
  return {
    kind: 'rakuten',
    url,
    columns: {
      id: 'productid',
      designation: 'designation',
      description: 'description',
      class: 'prdtypecode',
      picture: 'imageid',
    },
    rows: () => readRows(store),
    async *pictures(wanted) {
      const names = createDigestMap(16);
      for await (const { index, pictureKey } of wanted.each())
        names.set(sampleKey(pictureKey), index);
      const indexOf = (key: string) => names.get(sampleKey(stem(key)));
      // Where a picture lies is told by its name and one of a few patterns.
      const patterns: string[] = [];
      const numbers = new Map<string, number>();
      const patternOf = new Int32Array(wanted.length).fill(-1);
      const tars: string[] = [];
      for await (const { key } of store.list(images)) {
        if (key.endsWith('.tar')) tars.push(key);
        const index = indexOf(key);
        if (index === undefined) continue;
        const at = key.lastIndexOf(stem(key));
        const pattern = `${key.slice(0, at)}*${key.slice(at + stem(key).length)}`;
        const number = numbers.get(pattern) ?? patterns.push(pattern) - 1;
        numbers.set(pattern, number);
        // A store lists in no stated order: of several pictures of a product the first by name counts.
        const other = patterns[patternOf[index] as number];
        if (other === undefined || pattern < other) patternOf[index] = number;
      }
      if (tars.length > 0) yield* fromTars(store, tars.sort(), indexOf);
      else
        yield* fromObjects(store, wanted, (pictureKey, index) =>
          patterns[patternOf[index] as number]?.replace('*', () => pictureKey),
        );
    },
  };
}

async function* readRows(store: Store): AsyncGenerator<Row> {
  const columns = ['designation', 'description', 'productid', 'imageid'];
  const opened: Readable[] = [];
  try {
    for (const name of [products, labels]) opened.push(await open(store, name));
    const [productBytes, labelBytes] = opened as [Readable, Readable];
    const left = readCsv(productBytes, products, columns);
    const right = readCsv(labelBytes, labels, ['prdtypecode']);
    for await (const product of left) {
      const label = (await right.next()).value as CsvRow | undefined;
      // Both begin with pandas' index, a column without a name, by which a row is known in both.
      const [index, labelIndex] = [product.get(''), label?.get('')];
      if (!label || (index !== undefined && labelIndex !== undefined && index !== labelIndex)) {
        throw apart(product.row, index, label ? labelIndex : undefined);
      }
      yield toRow(product, label);
    }
    const more = await right.next();
    if (!more.done) throw apart(more.value.row, undefined, more.value.get(''));
  } finally {
    for (const stream of opened) stream.destroy();
  }
}

function toRow(product: CsvRow, label: CsvRow): Row {
  const value = (column: string) => product.get(column)?.trim() ?? '';
  return {
    row: product.row,
    line: product.line,
    id: value('productid'),
    designation: value('designation'),
    description: value('description') || null,
    class: label.get('prdtypecode')?.trim() ?? '',
    pictureKey: value('imageid') && `image_${value('imageid')}_product_${value('productid')}`,
    wanted: (value('split') || null) as Side | null,
  };
}

async function open(store: Store, name: string) {
  try {
    return await store.stream(name);
  } catch (error) {
    if (!(error instanceof StoreNotFound)) throw error;
    throw new StepError(
      'BadData',
      `There is no ${name} in ${store.url}: ${products}, ${labels} and ${images} are looked for there.`,
      { cause: error },
    );
  }
}

function apart(row: number, index: string | undefined, labelIndex: string | undefined): StepError {
  const has = (value: string | undefined) =>
    value === undefined ? 'no such row' : `the index ${value}`;
  return new StepError(
    'BadData',
    `${products} and ${labels} do not belong together: in row ${row} the first has ${has(index)}, the second ${has(labelIndex)}.`,
  );
}

function stem(key: string): string {
  return posix.basename(key).replace(/\.(jpe?g|png|webp)$/i, '');
}
