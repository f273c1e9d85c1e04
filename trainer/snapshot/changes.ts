import type { DataReport } from '@shelfwise/trainer-contract';
import type { Parent } from './parent.ts';
import type { PlacedProduct } from './place.ts';
import { tally } from './tally.ts';
import type { Text } from './text.ts';

const listed = 20;

type Changes = NonNullable<DataReport['changes']>;

/** What is other than in the parent: which products came, went, or stand under another class now. */
export async function describeChanges(
  products: PlacedProduct[],
  { members }: Pick<Parent, 'members'>,
  parent: string,
  readText: (product: PlacedProduct) => Promise<Text>,
): Promise<Changes> {
  const added = products.filter(({ key }) => !members.has(key));
  const present = new Set(products.map(({ key }) => key));
  const gone = [...members].filter(([key]) => !present.has(key)).map(([, member]) => member.class);
  const told = [...members.values()].every((member) => member.class !== null);
  const moved = products.flatMap((product) => {
    const from = members.get(product.key)?.class ?? product.class;
    return from === product.class ? [] : [{ product, from, to: product.class }];
  });
  return {
    parent,
    added: added.length,
    removed: gone.length,
    kept: products.length - added.length,
    relabelled: told
      ? {
          products: moved.length,
          moves: countMoves(moved),
          examples: await Promise.all(
            moved.slice(0, listed).map(async ({ product, from, to }) => {
              return { id: (await readText(product)).id, row: product.row, from, to };
            }),
          ),
        }
      : null,
    byClass: byClass(
      added.map((product) => product.class),
      gone.filter((name) => name !== null),
    ),
  };
}

function countMoves(moved: { from: string; to: string }[]) {
  const moves = Map.groupBy(moved, ({ from, to }) => JSON.stringify([from, to]));
  return [...moves.values()]
    .map((own) => ({ ...(own[0] as (typeof own)[0]), products: own.length }))
    .map(({ from, to, products }) => ({ from, to, products }))
    .sort((a, b) => b.products - a.products || (a.from < b.from ? -1 : 1));
}

function byClass(added: string[], removed: string[]): Changes['byClass'] {
  const [came, went] = [new Map(tally(added)), new Map(tally(removed))];
  const names = new Set([...came.keys(), ...went.keys()]);
  return [...names].sort().map((name) => {
    return { class: name, added: came.get(name) ?? 0, removed: went.get(name) ?? 0 };
  });
}
