import { StepError } from '@shelfwise/trainer-contract';
import { groupProducts } from './groups.ts';
import type { InvalidList } from './invalid.ts';
import type { Listed } from './packed-list.ts';
import type { Parent } from './parent.ts';
import type { Product, Side, Source } from './product.ts';
import type { ProductList } from './product-list.ts';
import { splitProducts } from './split.ts';

/** Gives each product its group and its side; products of the parent stay on theirs. */
export function placeProducts(
  products: ProductList,
  { members: before }: Pick<Parent, 'members'>,
  holdoutPercent: number,
): void {
  for (const [i, group] of groupProducts(products).entries())
    products.set(i, { ...products.at(i), group });
  const member = (product: Product) => {
    const known = before.find(product.key);
    return { ...product, before: known === undefined ? null : before.at(known).side };
  };
  const members = {
    length: products.length,
    at: (index: number) => member(products.at(index)),
    [Symbol.iterator]: () => Iterator.from(products).map(member),
  };
  for (const [i, side] of splitProducts(members, holdoutPercent).entries())
    products.set(i, { ...products.at(i), side });
}

/** A holdout product of a class that nothing in train shows can only be judged wrongly: it is left out. */
export function withoutUnlearnable(
  products: ProductList,
  source: Source,
  invalid: InvalidList,
): ProductList {
  const learnt = new Set<string>();
  for (const { side, class: name } of products) if (side === 'train') learnt.add(name);
  const kept: number[] = [];
  for (let index = 0; index < products.length; index++) {
    const { row, class: name } = products.at(index);
    const reason = 'is a class of which no product is in train';
    if (learnt.has(name)) kept.push(index);
    else invalid.add(row, source.columns.class, name, reason);
  }
  return kept.length === products.length ? products : products.pick(kept);
}

/** The indices of those on one side. */
export function indicesOn(products: Listed<Product>, side: Side): Uint32Array {
  const indices: number[] = [];
  let index = 0;
  for (const product of products) {
    if (product.side === side) indices.push(index);
    index++;
  }
  return Uint32Array.from(indices);
}

/**
 * Products of each class on either side, sorted by class. Throws BadData below two classes, and where nothing is held out:
 * what is trained on that could not be judged.
 */
export function countClasses(products: Listed<Product>, source: Pick<Source, 'url'>) {
  const counts = new Map<string, { class: string; train: number; holdout: number }>();
  for (const { class: name, side } of products) {
    const own = counts.get(name) ?? { class: name, train: 0, holdout: 0 };
    counts.set(name, own);
    own[side]++;
  }
  const classes = [...counts.values()].sort((a, b) => (a.class < b.class ? -1 : 1));
  if (classes.length < 2) {
    const only = classes[0] ? `only the class ${classes[0].class}` : 'no class';
    throw new StepError('BadData', `${source.url} has ${only}; a classifier needs two at least.`);
  }
  if (classes.every(({ holdout }) => holdout === 0)) {
    throw new StepError(
      'BadData',
      `No product of ${source.url} is held out, so no model of it could be judged: a class needs two products that differ, or the column split a holdout.`,
    );
  }
  return classes;
}
