/** Names of classes or languages as numbers, in the order in which they came. */
export interface Names {
  readonly all: readonly string[];
  place(name: string): number;
}

export function createNames(names: readonly string[] = []): Names {
  const index = new Map<string, number>();
  const all: string[] = [];
  const place = (name: string) => {
    const known = index.get(name);
    if (known !== undefined) return known;
    index.set(name, all.length);
    return all.push(name) - 1;
  };
  for (const name of names) place(name);
  return { all, place };
}

/** A model that says nothing of a product. */
export const nothing = -1;

/**
 * What one model said of every held-out product: columns of numbers, 33 bytes a product, so that a large holdout takes
 * little memory. Rows are in the order of the holdout, which is the same for every model.
 */
export interface Answers {
  readonly products: number;
  /** The true class; the classes of what was said, by all that the product has, by its text, by its picture; `nothing` for none. */
  readonly truth: Int32Array;
  readonly said: Int32Array;
  readonly saidByText: Int32Array;
  readonly saidByPicture: Int32Array;
  /** Probabilities of what was said and of the true class. */
  readonly confidence: Float32Array;
  readonly truthProbability: Float32Array;
  /** How many classes are likelier than the true one, at most 255. */
  readonly likelier: Uint8Array;
  /** Of the product, whatever the model. The language of its text, of `languages`; the empty name for none that can be told. */
  readonly language: Int32Array;
  /** Of the product, too: those with the same number are alike, see alike.ts. */
  readonly group: Int32Array;
}

export function createAnswers(products: number): Answers {
  return {
    products,
    truth: new Int32Array(products).fill(nothing),
    said: new Int32Array(products).fill(nothing),
    saidByText: new Int32Array(products).fill(nothing),
    saidByPicture: new Int32Array(products).fill(nothing),
    confidence: new Float32Array(products),
    truthProbability: new Float32Array(products),
    likelier: new Uint8Array(products),
    language: new Int32Array(products),
    group: Int32Array.from({ length: products }, (_, row) => row),
  };
}
