/** How a value is written into, and read from, `bytes` bytes. */
export interface Codec<T> {
  readonly bytes: number;
  write(value: T, target: Buffer, offset: number): void;
  read(source: Buffer, offset: number): T;
}

/** What can be gone over again and again without all of it being there at once; an array is one, too. */
export interface Listed<T> extends Iterable<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

export interface PackedList<T> extends Listed<T> {
  at(index: number): T;
  /** Returns its index. */
  add(value: T): number;
  set(index: number, value: T): void;
  /** All indices, those first whose bytes between `from` and `to` come first. */
  orderedBy(from: number, to: number): Uint32Array;
  /** A list of those at these indices, in their order. */
  pick(indices: ArrayLike<number>): PackedList<T>;
}

/** How many of them are so. */
export function count<T>(values: Iterable<T>, is: (value: T) => boolean): number {
  return Iterator.from(values).reduce((sum, value) => sum + (is(value) ? 1 : 0), 0);
}

const perPage = 2048;

/** A list whose values are bytes until one is asked for: as objects 85,000 of ours are ten times as large. */
export function createPackedList<T>(codec: Codec<T>): PackedList<T> {
  const { bytes } = codec;
  const pages: Buffer[] = [];
  let length = 0;

  const offset = (index: number) => (index % perPage) * bytes;
  function page(index: number): Buffer {
    const found = index < length ? pages[Math.floor(index / perPage)] : undefined;
    if (!found) throw new RangeError(`There is no ${index} in a list of ${length}.`);
    return found;
  }
  function next(): number {
    if (length % perPage === 0) pages.push(Buffer.alloc(perPage * bytes));
    return length++;
  }
  const at = (index: number): T => codec.read(page(index), offset(index));

  return {
    get length() {
      return length;
    },
    at,
    add(value) {
      const index = next();
      codec.write(value, page(index), offset(index));
      return index;
    },
    set: (index, value) => codec.write(value, page(index), offset(index)),
    orderedBy(from, to) {
      const compare = (a: number, b: number) => {
        const [left, right] = [offset(a), offset(b)];
        return page(a).compare(page(b), right + from, right + to, left + from, left + to);
      };
      return Uint32Array.from({ length }, (_, index) => index).sort(compare);
    },
    pick(indices) {
      const picked = createPackedList(codec);
      for (let i = 0; i < indices.length; i++) picked.add(at(indices[i] as number));
      return picked;
    },
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield at(index);
    },
  };
}
