import { StepError } from './messages.ts';

export interface TarLimits {
  entries: number;
  entryBytes: number;
  totalBytes: number;
}

export interface TarEntry {
  name: string;
  size: number;
  /** To be read before the next entry is asked for; what is left is skipped. */
  body: AsyncGenerator<Buffer>;
}

export interface TarOptions {
  /** What the tar is called in errors. */
  label: string;
  limits: TarLimits;
  /** Skip folders, a leading `./` and the extra headers (times, owners) that other programs write, instead of refusing them. */
  foreign?: boolean;
}

const block = 512;
const kinds: Record<string, string> = {
  1: 'a hard link',
  2: 'a symbolic link',
  3: 'a character device',
  4: 'a block device',
  5: 'a folder',
  6: 'a FIFO',
};

/**
 * Reads a tar that may come from anyone: ordinary files with plain relative names, each once,
 * within the limits, whole to the end; anything else is refused with BadData.
 */
export async function* readTar(
  source: AsyncIterable<Buffer>,
  options: TarOptions,
): AsyncGenerator<TarEntry> {
  const { label, limits } = options;
  const refuse = (what: string) => new StepError('BadData', `${label}: ${what}.`);
  const bytes = createByteReader(source, () => refuse('it ends before its time'));
  const seen = new Set<string>();
  let entries = 0;
  let total = 0;
  try {
    for (;;) {
      const header = await bytes.take(block);
      if (header.every((byte) => byte === 0)) break;
      verifyChecksum(header, refuse);
      if (++entries > limits.entries) throw refuse(`it has more than ${limits.entries} entries`);
      const written = nameOf(header, refuse);
      const name = options.foreign ? written.replace(/^(\.\/)+(?=.)/, '') : written;
      const size = sizeOf(header, name, refuse);
      total += size;
      if (size > limits.entryBytes) {
        throw refuse(`${name} has ${size} bytes, over the limit of ${limits.entryBytes}`);
      }
      if (total > limits.totalBytes) {
        throw refuse(`its entries have more than ${limits.totalBytes} bytes in all`);
      }
      const padding = (block - (size % block)) % block;
      const kind = String.fromCharCode(header[156] as number);
      if (options.foreign && 'gx5'.includes(kind)) {
        await skipForeign(bytes, kind, size, refuse);
        await bytes.take(padding);
        continue;
      }
      if (kind !== '0' && kind !== '\0') {
        throw refuse(`${name} is ${kinds[kind] ?? `of the unknown kind ${JSON.stringify(kind)}`}`);
      }
      refuseName(name, refuse);
      if (seen.has(name)) throw refuse(`${name} is in it twice`);
      seen.add(name);
      const body = bytes.give(size);
      yield { name, size, body };
      for await (const _ of body);
      await bytes.take(padding);
    }
    await bytes.expectZeros(() => refuse('something follows its end'));
  } finally {
    await bytes.close();
  }
}

type Refuse = (what: string) => StepError;

function verifyChecksum(header: Buffer, refuse: Refuse): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i] as number;
  if (Number.parseInt(text(header, 148, 8), 8) !== sum) {
    throw refuse('it has a header that is damaged, or it is no tar');
  }
}

function nameOf(header: Buffer, refuse: Refuse): string {
  const prefix = text(header, 257, 6).startsWith('ustar') ? text(header, 345, 155) : '';
  const name = prefix ? `${prefix}/${text(header, 0, 100)}` : text(header, 0, 100);
  if (name.includes('\ufffd')) throw refuse(`the name ${JSON.stringify(name)} is not UTF-8`);
  return name;
}

function sizeOf(header: Buffer, name: string, refuse: Refuse): number {
  const digits = text(header, 124, 12).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw refuse(`${name} has no size that could be read`);
  return Number.parseInt(digits, 8);
}

function refuseName(name: string, refuse: Refuse): void {
  const parts = name.split('/');
  if (name.startsWith('/')) throw refuse(`${name} is an absolute path`);
  if (parts.includes('..')) throw refuse(`${name} leads out of its folder`);
  if (parts.some((part) => part === '' || part === '.') || /[\\\0]/.test(name)) {
    throw refuse(`${JSON.stringify(name)} is no plain name`);
  }
}

/** Reads over a folder or an extra header; one that would rename or resize the next entry is refused. */
async function skipForeign(bytes: ByteReader, kind: string, size: number, refuse: Refuse) {
  if (kind === '5') return;
  if (size > 2 ** 20) throw refuse('it has an extra header of more than 1 MiB');
  const records = (await bytes.take(size)).toString('latin1');
  if (/^\d+ (path|size|linkpath)=/m.test(records)) {
    throw refuse('it has names or sizes that need extra headers; pack it with --format=ustar');
  }
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

type ByteReader = ReturnType<typeof createByteReader>;

function createByteReader(source: AsyncIterable<Buffer>, truncated: () => StepError) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const next = await chunks.next();
    if (next.done) return false;
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    return true;
  }

  return {
    /** Exactly `size` bytes; for headers and what else is small. */
    async take(size: number): Promise<Buffer> {
      while (rest.length < size) if (!(await more())) throw truncated();
      const taken = rest.subarray(0, size);
      rest = rest.subarray(size);
      return taken;
    },
    /** `size` bytes as they come; to be read to the end. */
    async *give(size: number): AsyncGenerator<Buffer> {
      let left = size;
      try {
        while (left > 0) {
          if (rest.length === 0 && !(await more())) throw truncated();
          const piece = rest.subarray(0, left);
          rest = rest.subarray(piece.length);
          left -= piece.length;
          yield piece;
        }
      } finally {
        // The consumer may stop early; the next header stands behind what it left. A tar that ends
        // here is noticed where that header is read.
        while (left > 0 && (rest.length > 0 || (await more()))) {
          const skipped = Math.min(left, rest.length);
          rest = rest.subarray(skipped);
          left -= skipped;
        }
      }
    },
    async expectZeros(otherwise: () => StepError): Promise<void> {
      // The end is two empty blocks, of which one was read.
      if ((await this.take(block)).some((byte) => byte !== 0)) throw otherwise();
      do {
        if (rest.some((byte) => byte !== 0)) throw otherwise();
        rest = Buffer.alloc(0);
      } while (await more());
    },
    async close(): Promise<void> {
      await chunks.return?.();
    },
  };
}
