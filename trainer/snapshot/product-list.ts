import type { PictureFormat } from '@shelfwise/trainer-contract';
import { type Codec, createPackedList, type PackedList } from './packed-list.ts';
import type { Product, Side } from './product.ts';

/** Where the parts of a product stand, for orderedBy. */
export const keyBytes = [0, 16] as const;
export const pictureBytes = [32, 64] as const;

export type ProductList = PackedList<Product>;

/** A list of products, each of which takes 136 bytes. */
export function createProductList(): ProductList {
  const { numberOf, nameOf } = createNames();
  const codec: Codec<Product> = {
    bytes: 136,
    write(product, to, at) {
      const { text, picture } = product;
      to.write(product.key, at, 'hex');
      to.write(text.digest, at + 16, 'hex');
      to.fill(0, at + 32, at + 64);
      if (picture) to.write(picture.digest, at + 32, 'hex');
      to.writeDoubleLE(text.offset, at + 64);
      to.writeDoubleLE(picture?.offset ?? 0, at + 72);
      const numbers = [
        text.size,
        picture?.size ?? 0,
        product.row,
        text.designation,
        text.description === null ? 0 : text.description + 1,
        picture?.width ?? 0,
        picture?.height ?? 0,
        product.group,
        numberOf(product.class),
        numberOf(text.language),
        numberOf(picture?.format ?? null),
        numberOf(product.wanted),
        numberOf(product.side),
        (product.namesPicture ? 1 : 0) + (text.damaged ? 2 : 0),
      ];
      for (const [i, number] of numbers.entries()) to.writeUInt32LE(number, at + 80 + 4 * i);
    },
    read(from, at) {
      const number = (i: number) => from.readUInt32LE(at + 80 + 4 * i);
      const format = nameOf(number(10)) as PictureFormat | null;
      return {
        row: number(2),
        key: from.toString('hex', at, at + 16),
        class: nameOf(number(8)) as string,
        wanted: nameOf(number(11)) as Side | null,
        namesPicture: (number(13) & 1) > 0,
        text: {
          offset: from.readDoubleLE(at + 64),
          size: number(0),
          digest: from.toString('hex', at + 16, at + 32),
          language: nameOf(number(9)),
          designation: number(3),
          description: number(4) === 0 ? null : number(4) - 1,
          damaged: (number(13) & 2) > 0,
        },
        picture: format && {
          offset: from.readDoubleLE(at + 72),
          size: number(1),
          digest: from.toString('hex', at + 32, at + 64),
          format,
          width: number(5),
          height: number(6),
        },
        group: number(7),
        side: nameOf(number(12)) as Side,
      };
    },
  };
  return createPackedList(codec);
}

/** Words that many products have in common, by number; 0 for null. */
function createNames() {
  const numbers = new Map<string | null, number>([[null, 0]]);
  const names: (string | null)[] = [null];
  return {
    numberOf(name: string | null): number {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      // Not as a part of the row that it was read from, all of which would stay with it.
      const own = Buffer.from(name as string).toString();
      numbers.set(own, names.length);
      return names.push(own) - 1;
    },
    nameOf: (number: number): string | null => names[number] ?? null,
  };
}
