import { pictureProbe } from './probe.ts';
import type { Product, Side } from './product.ts';
import { type ProductList, pictureBytes } from './product-list.ts';

const perPiece = 2048;

/**
 * What the next snapshot will ask of this one, as members.json has it: canonical JSON, a piece at a time; `classes` as in
 * snapshot.json.
 */
export async function* membersJson(
  products: ProductList,
  classes: { class: string }[],
): AsyncGenerator<Buffer> {
  const numbers = new Map(classes.map((entry, i) => [entry.class, i]));
  function* on(side: Side, tell: (product: Product) => unknown) {
    for (const product of products) if (product.side === side) yield tell(product);
  }
  const numberOf = (product: Product) => numbers.get(product.class);
  const keyOf = (product: Product) => product.key;
  yield* list('{"classes":{"holdout":', on('holdout', numberOf));
  yield* list(',"train":', on('train', numberOf));
  yield* list('},"holdout":', on('holdout', keyOf));
  const probe = JSON.stringify(pictureProbe);
  yield* list(`,"pictures":{"probe":${probe},"verified":`, pictureDigests(products));
  yield* list('},"schemaVersion":1,"train":', on('train', keyOf));
  yield Buffer.from('}');
}

/** Each once, sorted. */
function* pictureDigests(products: ProductList): Generator<string> {
  let last: string | undefined;
  for (const index of products.orderedBy(...pictureBytes)) {
    const { picture } = products.at(index);
    if (!picture || picture.digest === last) continue;
    last = picture.digest;
    yield last;
  }
}

function* list(before: string, values: Iterable<unknown>): Generator<Buffer> {
  let piece = `${before}[`;
  let count = 0;
  for (const value of values) {
    piece += `${count++ > 0 ? ',' : ''}${JSON.stringify(value)}`;
    if (count % perPiece > 0) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(`${piece}]`);
}
