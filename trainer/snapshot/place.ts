import { type Members, StepError } from '@shelfwise/trainer-contract';
import { groupProducts } from './groups.ts';
import type { InvalidList } from './invalid.ts';
import type { Parent } from './parent.ts';
import { pictureProbe } from './probe.ts';
import type { Product, Side, Source } from './product.ts';
import { splitProducts } from './split.ts';

export type PlacedProduct = Product & { group: number; side: Side };

/** Gives each product its group and its side; products of the parent stay on theirs. */
export function placeProducts(
  found: Product[],
  { members: before }: Pick<Parent, 'members'>,
  holdoutPercent: number,
): PlacedProduct[] {
  const groups = groupProducts(found);
  const members = found.map((product, i) => ({
    key: product.key,
    class: product.class,
    wanted: product.wanted,
    group: groups[i] as number,
    before: before.get(product.key)?.side ?? null,
  }));
  const sides = splitProducts(members, holdoutPercent);
  return found.map((product, i) => ({
    ...product,
    group: groups[i] as number,
    side: sides[i] as Side,
  }));
}

/** A holdout product of a class that nothing in train shows can only be judged wrongly: it is left out. */
export function withoutUnlearnable(
  products: PlacedProduct[],
  source: Source,
  invalid: InvalidList,
) {
  const learnt = new Set(products.filter(({ side }) => side === 'train').map((p) => p.class));
  return products.filter((product) => {
    if (learnt.has(product.class)) return true;
    const reason = 'is a class of which no product is in train';
    invalid.add(product.row, source.columns.class, product.class, reason);
    return false;
  });
}

/**
 * Products of each class on either side, sorted by class. Throws BadData below two classes, and where nothing is held out:
 * what is trained on that could not be judged.
 */
export function countClasses(products: PlacedProduct[], source: Source) {
  const classes = [...Map.groupBy(products, (product) => product.class)]
    .map(([name, own]) => {
      const holdout = own.filter(({ side }) => side === 'holdout').length;
      return { class: name, train: own.length - holdout, holdout };
    })
    .sort((a, b) => (a.class < b.class ? -1 : 1));
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

/** What the next snapshot will ask of this one; `classes` as in snapshot.json. */
export function membersOf(products: PlacedProduct[], classes: { class: string }[]): Members {
  const numbers = new Map(classes.map((entry, i) => [entry.class, i]));
  const on = (name: Side) => products.filter(({ side }) => side === name);
  const [train, holdout] = [on('train'), on('holdout')];
  const keysOf = (own: PlacedProduct[]) => own.map(({ key }) => key);
  const numbersOf = (own: PlacedProduct[]) => own.map((one) => numbers.get(one.class) as number);
  const pictures = products.flatMap(({ picture }) => picture?.digest ?? []);
  return {
    schemaVersion: 1,
    train: keysOf(train),
    holdout: keysOf(holdout),
    classes: { train: numbersOf(train), holdout: numbersOf(holdout) },
    pictures: { probe: pictureProbe, verified: [...new Set(pictures)].sort() },
  };
}
