import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeAll } from './records.ts';

/**
 * A file of records by the digest of what they were made from, never changed once it is finished: records, then the 32 bytes
 * of each one's digest, then the footer (count and record length as little-endian 32 bits, and the format's name).
 */
const format = Buffer.from('SWPACK01', 'latin1');
const digestBytes = 32;
const footerBytes = 8 + format.byteLength;

export interface Pack {
  /** The digest that each record goes by, as 64 hexadecimal digits. */
  readonly digests: readonly string[];
  /** A record in a buffer of its own. */
  read(row: number): Uint8Array;
  close(): void;
}

export interface PackWriter extends Pack {
  readonly path: string;
  append(digest: string, record: Uint8Array): void;
  /** Writes digests and footer. @returns the digest of the whole file, with its prefix */
  finish(): string;
}

export function createPack(path: string, recordBytes: number): PackWriter {
  const file = openSync(path, 'w+');
  const digests: string[] = [];
  const hash = createHash('sha256');
  let position = 0;
  const write = (bytes: Uint8Array) => {
    writeAll(file, bytes, position);
    hash.update(bytes);
    position += bytes.byteLength;
  };
  return {
    path,
    digests,
    append(digest, record) {
      if (record.byteLength !== recordBytes)
        throw new Error(`A record of ${record.byteLength} bytes in a pack of ${recordBytes}.`);
      write(record);
      digests.push(digest);
    },
    read: (row) => readAt(file, recordBytes, row * recordBytes),
    finish() {
      const footer = Buffer.alloc(8);
      footer.writeUInt32LE(digests.length);
      footer.writeUInt32LE(recordBytes, 4);
      write(Buffer.concat([Buffer.from(digests.join(''), 'hex'), footer, format]));
      return `sha256:${hash.digest('hex')}`;
    },
    close: () => closeSync(file),
  };
}

/** Opens a finished pack. Throws an Error that says what is wrong with it. */
export function openPack(path: string, recordBytes: number): Pack {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const footer = Buffer.from(readAt(file, footerBytes, Math.max(size - footerBytes, 0)));
    const count = footer.readUInt32LE(0);
    const whole = count * (recordBytes + digestBytes) + footerBytes;
    const known = footer.subarray(8).equals(format) && footer.readUInt32LE(4) === recordBytes;
    if (!known || size !== whole)
      throw new Error(`it is no pack of records of ${recordBytes} bytes`);
    const hex = Buffer.from(readAt(file, count * digestBytes, count * recordBytes)).toString('hex');
    const digests = Array.from({ length: count }, (_, row) => hex.slice(row * 64, row * 64 + 64));
    return {
      digests,
      read: (row) => readAt(file, recordBytes, row * recordBytes),
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function readAt(file: number, length: number, position: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const got = readSync(file, bytes, 0, length, position);
  if (got !== length) throw new Error(`it ends ${length - got} bytes too early`);
  return bytes;
}
