import type { DataReport } from '@shelfwise/trainer-contract';
import { describeChanges } from './changes.ts';
import { distribution } from './distribution.ts';
import { describeConflicts, describeDuplicates } from './duplicates.ts';
import type { InvalidList } from './invalid.ts';
import { count, type Listed } from './packed-list.ts';
import type { Parent } from './parent.ts';
import type { PictureFacts, Product, Source } from './product.ts';
import type { Place, Spool } from './spool.ts';
import { tally } from './tally.ts';
import { readText } from './text.ts';

export interface Described {
  products: Listed<Product>;
  /** Rows of the source. */
  rows: number;
  source: Pick<Source, 'kind' | 'url'>;
  invalid: Pick<InvalidList, 'count' | 'byReason'>;
  parent: { digest: string | undefined } & Pick<Parent, 'members'>;
  spool: Spool;
}

/** What the data of a snapshot are like. Holds no clock: the same products, parent and rows give the same report. */
export async function describeData(seen: Described): Promise<Omit<DataReport, 'dataset'>> {
  const { products, rows, source, invalid, parent, spool } = seen;
  const text = (product: Product) => readText(spool, product);
  const classes = describeClasses(products);
  const held = classes.reduce((sum, { holdout }) => sum + holdout, 0);
  return {
    schemaVersion: 1,
    source: { kind: source.kind, url: source.url },
    rows,
    products: products.length,
    train: products.length - held,
    holdout: held,
    classes,
    imbalance: imbalance(classes.map(({ train, holdout }) => train + holdout)),
    missing: {
      description: count(products, ({ text: { description } }) => description === null),
      picture: count(products, ({ picture }) => picture === null),
    },
    languages: languages(Iterator.from(products).map(({ text: { language } }) => language)),
    texts: {
      designation: distribution(eachOf(products, ({ text: { designation } }) => designation)),
      description: distribution(eachOf(products, ({ text: { description } }) => description)),
      damaged: count(products, ({ text: { damaged } }) => damaged),
    },
    pictures: describePictures(products),
    duplicates: await describeDuplicates(products, text),
    conflicts: await describeConflicts(products, text),
    leftOut: { products: invalid.count, reasons: invalid.byReason },
    changes: parent.digest ? await describeChanges(products, parent, parent.digest, text) : null,
  };
}

/** What `value` gives of each product, but for those where it gives null. */
function eachOf<T>(products: Iterable<Product>, value: (product: Product) => T | null) {
  return Iterator.from(products)
    .map(value)
    .filter((one) => one !== null) as IteratorObject<T>;
}

function describeClasses(products: Iterable<Product>): DataReport['classes'] {
  const found = new Map<string, ReturnType<typeof emptyClass>>();
  for (const { class: name, side, text, picture } of products) {
    const own = found.get(name) ?? emptyClass(name);
    found.set(name, own);
    own[side]++;
    if (text.description === null) own.withoutDescription++;
    if (!picture) own.withoutPicture++;
    own.languages.push(text.language);
  }
  return [...found.values()]
    .map((own) => ({ ...own, languages: languages(own.languages) }))
    .sort((a, b) => b.train + b.holdout - a.train - a.holdout || (a.class < b.class ? -1 : 1));
}

function emptyClass(name: string) {
  return {
    ...{ class: name, train: 0, holdout: 0, withoutDescription: 0, withoutPicture: 0 },
    languages: [] as (string | null)[],
  };
}

function languages(each: Iterable<string | null>): DataReport['languages'] {
  return tally(each).map(([language, products]) => ({ language, products }));
}

function describePictures(products: Iterable<Product>): DataReport['pictures'] {
  const of = <T>(value: (picture: PictureFacts & Place) => T) =>
    eachOf(products, ({ picture }) => picture && value(picture));
  return {
    formats: tally(of(({ format }) => format)).map(([format, own]) => {
      return { format, products: own };
    }),
    width: distribution(of(({ width }) => width)),
    height: distribution(of(({ height }) => height)),
    bytes: distribution(of(({ size }) => size)),
  };
}

/** `sizes` come largest first. */
function imbalance(sizes: number[]): DataReport['imbalance'] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const entropy = sizes.reduce((sum, size) => sum - (size / total) * Math.log(size / total), 0);
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    ratio: round((sizes[0] ?? 1) / (sizes.at(-1) ?? 1)),
    effectiveClasses: round(Math.exp(entropy)),
  };
}
