import type { DataReport } from '@shelfwise/trainer-contract';
import type { Listed } from './packed-list.ts';
import type { Parent } from './parent.ts';
import type { Product } from './product.ts';
import { tally } from './tally.ts';
import type { Text } from './text.ts';

const listed = 20;

type Changes = NonNullable<DataReport['changes']>;

/** What is other than in the parent: which products came, went, or stand under another class now. */
export async function describeChanges(
  products: Listed<Product>,
  { members }: Pick<Parent, 'members'>,
  parent: string,
  readText: (product: Product) => Promise<Text>,
): Promise<Changes> {
  const added: string[] = [];
  const moves = createMoves();
  const present = new Uint8Array(members.length);
  for (const product of products) {
    const known = members.find(product.key);
    if (known === undefined) {
      added.push(product.class);
      continue;
    }
    present[known] = 1;
    const from = members.at(known).class;
    if (from !== null && from !== product.class) moves.add(product, from);
  }
  const gone: string[] = [];
  let told = true;
  for (let index = 0; index < members.length; index++) {
    const { class: name } = members.at(index);
    if (name === null) told = false;
    else if (!present[index]) gone.push(name);
  }
  const kept = products.length - added.length;
  return {
    parent,
    added: added.length,
    removed: members.length - kept,
    kept,
    relabelled: told ? await moves.describe(readText) : null,
    byClass: byClass(added, gone),
  };
}

/** Counts products that stand under another class now, and keeps the first of them. */
function createMoves() {
  const counts = new Map<string, { from: string; to: string; products: number }>();
  const examples: { product: Product; from: string }[] = [];
  return {
    add(product: Product, from: string): void {
      const move = JSON.stringify([from, product.class]);
      const own = counts.get(move) ?? { from, to: product.class, products: 0 };
      counts.set(move, own);
      own.products++;
      if (examples.length < listed) examples.push({ product, from });
    },
    async describe(readText: (product: Product) => Promise<Text>) {
      const moves = [...counts.values()].sort(
        (a, b) => b.products - a.products || (a.from < b.from ? -1 : 1),
      );
      return {
        products: moves.reduce((sum, move) => sum + move.products, 0),
        moves,
        examples: await Promise.all(
          examples.map(async ({ product, from }) => {
            const { id } = await readText(product);
            return { id, row: product.row, from, to: product.class };
          }),
        ),
      };
    },
  };
}

function byClass(added: string[], removed: string[]): Changes['byClass'] {
  const [came, went] = [new Map(tally(added)), new Map(tally(removed))];
  const names = new Set([...came.keys(), ...went.keys()]);
  return [...names].sort().map((name) => {
    return { class: name, added: came.get(name) ?? 0, removed: went.get(name) ?? 0 };
  });
}
