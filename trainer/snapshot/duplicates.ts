import type { DataReport, FirstRows } from '@shelfwise/trainer-contract';
import { createDigestMap } from './digest-map.ts';
import type { Listed } from './packed-list.ts';
import type { Product } from './product.ts';
import { tally } from './tally.ts';
import type { Text } from './text.ts';

const listedSets = 20;
const listedProducts = 10;
const longestDesignation = 120;

type ReadText = (product: Product) => Promise<Text>;
type Duplicate = DataReport['duplicates']['largest'][number];

/** Products, by their indices, that are alike in something. */
type Alike = number[];

/** Groups of more than one product. `products` come sorted; texts of examples alone are read. */
export async function describeDuplicates(
  products: Listed<Product>,
  readText: ReadText,
): Promise<DataReport['duplicates']> {
  const sets = setsBy(products, new Map<number, number>(), ({ group }) => group);
  return {
    groups: sets.length,
    products: sum(sets),
    acrossSides: sum(sets.map((set) => heldOutBesideTrain(products, set))),
    largest: await describeLargest(products, sets, readText),
  };
}

function heldOutBesideTrain(products: Listed<Product>, set: Alike): Alike {
  const held = set.filter((index) => products.at(index)?.side === 'holdout');
  return held.length < set.length ? held : [];
}

/** Products that contradict each other: the same text, or the same picture, under different classes. */
export async function describeConflicts(
  products: Listed<Product>,
  readText: ReadText,
): Promise<DataReport['conflicts']> {
  const contradicting = (sets: Alike[]) =>
    sets.filter((set) => new Set(set.map((index) => products.at(index)?.class)).size > 1);
  const texts = contradicting(setsBy(products, createDigestMap(16), ({ text }) => text.digest));
  const pictures = contradicting(
    setsBy(products, createDigestMap(32), ({ picture }) => picture?.digest ?? null),
  );
  const describe = async (sets: Alike[]) => ({
    sets: sets.length,
    products: sum(sets),
    examples: await describeLargest(products, sets, readText),
  });
  return {
    products: new Set([...texts, ...pictures].flat()).size,
    text: await describe(texts),
    picture: await describe(pictures),
  };
}

/** Sets of at least two products with the same sign; `first` is for the first of each. */
function setsBy<Sign>(
  products: Listed<Product>,
  first: FirstRows<Sign>,
  sign: (one: Product) => Sign | null,
): Alike[] {
  const sets = new Map<number, Alike>();
  let index = -1;
  for (const product of products) {
    index++;
    const own = sign(product);
    if (own === null) continue;
    const other = first.get(own);
    if (other === undefined) {
      first.set(own, index);
      continue;
    }
    const set = sets.get(other) ?? [other];
    sets.set(other, set);
    set.push(index);
  }
  return [...sets.values()];
}

function describeLargest(
  products: Listed<Product>,
  sets: Alike[],
  readText: ReadText,
): Promise<Duplicate[]> {
  const largest = sets.toSorted((a, b) => b.length - a.length).slice(0, listedSets);
  return Promise.all(
    largest.map(async (indices) => {
      const set = indices.map((index) => {
        const { row, class: name } = products.at(index) as Product;
        return { index, row, class: name };
      });
      const shown = oddOnesFirst(set).slice(0, listedProducts);
      const texts = await Promise.all(
        shown.map(({ index }) => readText(products.at(index) as Product)),
      );
      return {
        products: set.length,
        classes: [...new Set(set.map((one) => one.class))].sort(),
        designation: texts[0]?.designation.slice(0, longestDesignation) ?? '',
        examples: shown.map(({ row, class: name }, i) => {
          return { id: texts[i]?.id ?? '', row, class: name };
        }),
      };
    }),
  );
}

/** By row, those of the set's rarest class first: where labels contradict each other, one of them is likely the wrong one. */
function oddOnesFirst<T extends Pick<Product, 'class' | 'row'>>(set: T[]): T[] {
  const counts = new Map(tally(set.map((one) => one.class)));
  const commonness = (one: T) => counts.get(one.class) ?? 0;
  return set.toSorted((a, b) => commonness(a) - commonness(b) || a.row - b.row);
}

function sum(sets: Alike[]): number {
  return sets.reduce((total, set) => total + set.length, 0);
}
