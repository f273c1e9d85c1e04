/**
 * Numbers by digest, for which a Map of strings would take five times the memory: 85,000 of them are 100 bytes each
 * there. Digests are given as hexadecimal digits of `bytes` bytes; as they are hashes, their own first bits place them.
 */
export function createDigestMap(bytes: 16 | 32) {
  const sought = Buffer.alloc(bytes);
  let slots = 1024;
  let digests = Buffer.alloc(slots * bytes);
  let numbers = new Int32Array(slots).fill(-1);
  let size = 0;

  /** The slot of what `sought` holds, or the free one where it would stand. */
  function find(): number {
    let slot = sought.readUInt32LE(0) & (slots - 1);
    while (numbers[slot] !== -1 && !isAt(slot)) slot = (slot + 1) & (slots - 1);
    return slot;
  }

  function isAt(slot: number): boolean {
    return digests.compare(sought, 0, bytes, slot * bytes, (slot + 1) * bytes) === 0;
  }

  function put(number: number): void {
    const slot = find();
    if (numbers[slot] === -1) size++;
    sought.copy(digests, slot * bytes);
    numbers[slot] = number;
  }

  function grow(): void {
    const [before, of] = [digests, numbers];
    slots *= 2;
    size = 0;
    digests = Buffer.alloc(slots * bytes);
    numbers = new Int32Array(slots).fill(-1);
    of.forEach((number, slot) => {
      if (number === -1) return;
      before.copy(sought, 0, slot * bytes, (slot + 1) * bytes);
      put(number);
    });
  }

  function seek(digest: string): void {
    if (sought.write(digest, 'hex') !== bytes || digest.length !== 2 * bytes)
      throw new TypeError(`"${digest}" is no digest of ${bytes} bytes.`);
  }

  return {
    get size(): number {
      return size;
    },
    get(digest: string): number | undefined {
      seek(digest);
      const number = numbers[find()] as number;
      return number === -1 ? undefined : number;
    },
    /** `number` is 0 or more. */
    set(digest: string, number: number): void {
      // At most half of the slots are taken, so that a free one is near.
      if (2 * size >= slots) grow();
      seek(digest);
      put(number);
    },
  };
}

export type DigestMap = ReturnType<typeof createDigestMap>;
