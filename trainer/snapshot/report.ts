import type { DataReport } from '@shelfwise/trainer-contract';
import { describeChanges } from './changes.ts';
import { distribution } from './distribution.ts';
import { describeConflicts, describeDuplicates } from './duplicates.ts';
import type { InvalidList } from './invalid.ts';
import type { Parent } from './parent.ts';
import type { PlacedProduct } from './place.ts';
import type { Source } from './product.ts';
import type { Spool } from './spool.ts';
import { tally } from './tally.ts';
import { readText } from './text.ts';

export interface Described {
  products: PlacedProduct[];
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
  const text = (product: PlacedProduct) => readText(spool, product);
  const classes = describeClasses(products);
  const held = products.filter(({ side }) => side === 'holdout').length;
  return {
    schemaVersion: 1,
    source: { kind: source.kind, url: source.url },
    rows,
    products: products.length,
    train: products.length - held,
    holdout: held,
    classes,
    imbalance: imbalance(classes.map(({ train, holdout }) => train + holdout)),
    missing: missing(products),
    languages: languages(products),
    texts: {
      designation: distribution(products.map((product) => product.text.designation)),
      description: distribution(products.flatMap((product) => product.text.description ?? [])),
      damaged: products.filter(({ text: { damaged } }) => damaged).length,
    },
    pictures: describePictures(products),
    duplicates: await describeDuplicates(products, text),
    conflicts: await describeConflicts(products, text),
    leftOut: { products: invalid.count, reasons: invalid.byReason },
    changes: parent.digest ? await describeChanges(products, parent, parent.digest, text) : null,
  };
}

function describeClasses(products: PlacedProduct[]): DataReport['classes'] {
  return [...Map.groupBy(products, (product) => product.class)]
    .map(([name, own]) => {
      const { description, picture } = missing(own);
      const holdout = own.filter(({ side }) => side === 'holdout').length;
      return {
        class: name,
        train: own.length - holdout,
        holdout,
        withoutDescription: description,
        withoutPicture: picture,
        languages: languages(own),
      };
    })
    .sort((a, b) => b.train + b.holdout - a.train - a.holdout || (a.class < b.class ? -1 : 1));
}

function missing(products: PlacedProduct[]): DataReport['missing'] {
  return {
    description: products.filter(({ text }) => text.description === null).length,
    picture: products.filter(({ picture }) => picture === null).length,
  };
}

function languages(products: PlacedProduct[]): DataReport['languages'] {
  return tally(products.map(({ text }) => text.language)).map(([language, count]) => {
    return { language, products: count };
  });
}

function describePictures(products: PlacedProduct[]): DataReport['pictures'] {
  const pictures = products.flatMap(({ picture }) => picture ?? []);
  return {
    formats: tally(pictures.map(({ format }) => format)).map(([format, count]) => {
      return { format, products: count };
    }),
    width: distribution(pictures.map(({ width }) => width)),
    height: distribution(pictures.map(({ height }) => height)),
    bytes: distribution(pictures.map(({ size }) => size)),
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
