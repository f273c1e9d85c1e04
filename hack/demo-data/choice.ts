import { lot } from './lot.ts';

/** An order of which every beginning has the categories in about the proportions of the whole. */
export function inFairOrder<T extends { code: string; category: string }>(all: T[]): T[] {
  const places = [...Map.groupBy(all, ({ category }) => category).values()].flatMap((own) =>
    own
      .sort((a, b) => lot('order', a.code) - lot('order', b.code))
      .map((each, i) => ({ each, place: (i + 0.5) / own.length })),
  );
  return places.sort((a, b) => a.place - b.place).map(({ each }) => each);
}

/** The same products with their categories dealt out anew; the counts stay. */
export function withShuffledLabels<T extends { productId: number; category: string }>(
  products: T[],
  seed: string,
): T[] {
  const drawn = products.toSorted(
    (a, b) => lot(`label ${seed}`, `${a.productId}`) - lot(`label ${seed}`, `${b.productId}`),
  );
  return products.map((product, i) => ({ ...product, category: drawn[i]?.category as string }));
}
