import { closeSync, openSync, readSync } from 'node:fs';
import type { ProductText } from '@shelfwise/trainer-contract';

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
