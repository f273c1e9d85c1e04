import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { ProductText } from '@shelfwise/trainer-contract';
import type { Products } from './products.ts';

/** The texts of `Products.textPath` one after the other, in the order of the products, without holding them all. */
export function* productTexts(path: string): Generator<ProductText> {
  const file = openSync(path, 'r');
  const chunk = Buffer.alloc(1 << 20);
  let rest = Buffer.alloc(0);
  try {
    for (;;) {
      const size = readSync(file, chunk);
      if (size === 0) return;
      rest = Buffer.concat([rest, chunk.subarray(0, size)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const [designation, description] = JSON.parse(rest.toString('utf8', 0, end));
        yield { designation, description };
        rest = rest.subarray(end + 1);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Those of `all` that stand at `indices`, which ascend. */
export function* only<T>(indices: Int32Array, all: Iterable<T>): Generator<T> {
  let next = 0;
  let index = 0;
  for (const each of all) {
    if (indices[next] === index) {
      next += 1;
      yield each;
    }
    index += 1;
  }
}

export interface TextPass {
  readonly signal: AbortSignal;
  onProgress(done: number): void;
}

/**
 * Shows every product's text to `read`, which says whether the text says anything. Lets the process do other things
 * after every few hundred, and throws the signal's reason when aborted.
 *
 * @returns 1 for each product whose text says something, 0 for the others
 */
export async function readTexts(
  { textPath, count }: Pick<Products, 'textPath' | 'count'>,
  read: (text: ProductText, index: number) => boolean,
  { signal, onProgress }: TextPass,
): Promise<Uint8Array> {
  const hasText = new Uint8Array(count);
  let index = 0;
  for (const text of productTexts(textPath)) {
    hasText[index] = read(text, index) ? 1 : 0;
    index += 1;
    if (index % 512 > 0) continue;
    await turn();
    signal.throwIfAborted();
    onProgress(index);
  }
  onProgress(index);
  return hasText;
}
