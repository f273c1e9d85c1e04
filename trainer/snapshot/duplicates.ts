import type { DataReport } from '@shelfwise/trainer-contract';
import type { PlacedProduct } from './place.ts';
import { tally } from './tally.ts';
import type { Text } from './text.ts';

const listedSets = 20;
const listedProducts = 10;
const longestDesignation = 120;

type ReadText = (product: PlacedProduct) => Promise<Text>;
type Duplicate = DataReport['duplicates']['largest'][number];

/** Groups of more than one product. `products` come sorted; texts of examples alone are read. */
export async function describeDuplicates(
  products: PlacedProduct[],
  readText: ReadText,
): Promise<DataReport['duplicates']> {
  const sets = setsBy(products, ({ group }) => group);
  return {
    groups: sets.length,
    products: sum(sets),
    acrossSides: sum(sets.map(heldOutBesideTrain)),
    largest: await describeLargest(sets, readText),
  };
}

function heldOutBesideTrain(set: PlacedProduct[]): PlacedProduct[] {
  const held = set.filter(({ side }) => side === 'holdout');
  return held.length < set.length ? held : [];
}

/** Products that contradict each other: the same text, or the same picture, under different classes. */
export async function describeConflicts(
  products: PlacedProduct[],
  readText: ReadText,
): Promise<DataReport['conflicts']> {
  const pictured = products.filter(({ picture }) => picture);
  const texts = contradicting(setsBy(products, ({ text }) => text.digest));
  const pictures = contradicting(setsBy(pictured, ({ picture }) => picture?.digest ?? ''));
  const describe = async (sets: PlacedProduct[][]) => ({
    sets: sets.length,
    products: sum(sets),
    examples: await describeLargest(sets, readText),
  });
  return {
    products: new Set([...texts, ...pictures].flat()).size,
    text: await describe(texts),
    picture: await describe(pictures),
  };
}

function contradicting(sets: PlacedProduct[][]): PlacedProduct[][] {
  return sets.filter((set) => set.some((one) => one.class !== set[0]?.class));
}

/** Sets of at least two products with the same sign. */
function setsBy<T>(products: PlacedProduct[], sign: (one: PlacedProduct) => T): PlacedProduct[][] {
  const first = new Map<T, PlacedProduct>();
  const sets = new Map<T, PlacedProduct[]>();
  for (const product of products) {
    const own = sign(product);
    const other = first.get(own);
    if (!other) first.set(own, product);
    else {
      const set = sets.get(own) ?? [other];
      sets.set(own, set);
      set.push(product);
    }
  }
  return [...sets.values()];
}

function describeLargest(sets: PlacedProduct[][], readText: ReadText): Promise<Duplicate[]> {
  const largest = sets.toSorted((a, b) => b.length - a.length).slice(0, listedSets);
  return Promise.all(
    largest.map(async (set) => {
      const shown = oddOnesFirst(set).slice(0, listedProducts);
      const texts = await Promise.all(shown.map(readText));
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
function oddOnesFirst(set: PlacedProduct[]): PlacedProduct[] {
  const counts = new Map(tally(set.map((one) => one.class)));
  const commonness = (one: PlacedProduct) => counts.get(one.class) ?? 0;
  return set.toSorted((a, b) => commonness(a) - commonness(b) || a.row - b.row);
}

function sum(sets: PlacedProduct[][]): number {
  return sets.reduce((total, set) => total + set.length, 0);
}
