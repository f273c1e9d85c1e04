/** A shop of pictograms, or of icons, in the layout of the Rakuten challenge: data for the demo, tests and benchmarks. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  exitCodeOf,
  openStore,
  type Store,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { concurrently } from '../../trainer/concurrently.ts';
import { createPace } from '../../trainer/pace.ts';
import { createProgress } from '../../trainer/progress.ts';
import { count } from '../process/count.ts';
import { drawIcon, type IconOptions, stockIcons } from './icons.ts';
import type { DemoProduct, SetOptions } from './product.ts';
import { stockShop } from './shop.ts';

const usage = `Usage: npm run -s demo-data -- --to URL [options]

  --to URL                 s3://BUCKET/PREFIX (AWS_ENDPOINT_URL_S3 and so on as for the trainer) or file:///FOLDER
  --set NAME               pictograms: emoji with names and tags in three languages (default)
                           icons: those of Material Design, with names and aliases in English
                           icons-unnamed: the same without the words that more than half of a category bears
  --size N                 only N of them, pictograms with all of their skin tones; more hold all of fewer
  --shuffle-labels SEED    deal the categories out at random: nothing can be learnt of it
`;

const uploads = 32;

type Stock = { product: DemoProduct; picture: () => Promise<Buffer> }[];

const sets: Record<string, (options: SetOptions) => Stock> = {
  pictograms: (options) =>
    stockShop(options).map((product) => ({ product, picture: () => readFile(product.picture) })),
  icons: drawnIcons,
  'icons-unnamed': (options) => drawnIcons({ ...options, unnamed: true }),
};

function drawnIcons(options: IconOptions): Stock {
  return stockIcons(options).map((product) => ({ product, picture: () => drawIcon(product) }));
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      to: { type: 'string' },
      set: { type: 'string', default: 'pictograms' },
      size: { type: 'string' },
      'shuffle-labels': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help || !values.to) {
    process.stdout.write(usage);
    process.exitCode = values.help ? 0 : 10;
    return;
  }
  const size = values.size === undefined ? undefined : count('--size', values.size);
  const stockSet = sets[values.set];
  if (!stockSet) throw new Error(`--set is ${values.set}: give ${Object.keys(sets).join(' or ')}.`);
  const stock = stockSet({ size, shuffleLabels: values['shuffle-labels'] });
  const products = stock.map(({ product }) => product);
  const store = openStore(values.to, storeSettingsFromEnv(process.env));
  await writePictures(store, stock);
  await store.write(
    'X_train.csv',
    csv([['', 'designation', 'description', 'productid', 'imageid'], ...products.map(productRow)]),
  );
  await store.write(
    'Y_train.csv',
    csv([['', 'prdtypecode'], ...products.map(({ category }, i) => [i, category])]),
  );
  process.stdout.write(`${JSON.stringify(summary(values.to, products))}\n`);
}

function productRow({ designation, description, productId, imageId }: DemoProduct, i: number) {
  return [i, designation, description ?? '', productId, imageId];
}

async function writePictures(store: Store, stock: Stock): Promise<void> {
  const there = new Map<string, number>();
  for await (const { key, size } of store.list('images/')) there.set(key, size);
  const progress = createProgress(process);
  const pace = createPace(progress.show, {
    step: 'demo-data',
    phase: 'pictures',
    total: stock.length,
  });
  await concurrently(stock, uploads, async ({ product: { imageId, productId }, picture }) => {
    const key = `images/image_train/image_${imageId}_product_${productId}.png`;
    const bytes = await picture();
    if (there.get(key) !== bytes.length)
      await store.write(key, bytes, { contentType: 'image/png' });
    pace.advance();
  });
  progress.end();
}

function csv(rows: (string | number)[][]): Buffer {
  const cell = (value: string | number) =>
    /[",\r\n]/.test(`${value}`) ? `"${`${value}`.replaceAll('"', '""')}"` : `${value}`;
  return Buffer.from(rows.map((row) => `${row.map(cell).join(',')}\n`).join(''));
}

function summary(to: string, products: DemoProduct[]) {
  const counts = [...Map.groupBy(products, ({ category }) => category)].map(([name, own]) => [
    name,
    own.length,
  ]);
  return {
    to,
    products: products.length,
    pictograms: new Set(products.map(({ code }) => code)).size,
    classes: Object.fromEntries(counts.sort()),
  };
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = exitCodeOf(error);
});
