import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * Records of one length in a file, read back in any order. What is computed once for every product
 * (11 KB of picture features, 2 KB of text features) lies there and not in memory, which so stays
 * the same for any number of products; the kernel's page cache makes reading it as good as free.
 */
export interface RecordFile {
  readonly recordBytes: number;
  readonly count: number;
  append(record: Uint8Array): void;
  /** Reads `target.byteLength` bytes of a record, from `offset` in it. */
  read(index: number, target: Uint8Array, offset?: number): void;
  close(): void;
}

/** Opens an empty file of records; what stood at `path` is gone. Errors are those of the file system. */
export function createRecordFile(path: string, recordBytes: number): RecordFile {
  const file = openSync(path, 'w+');
  let count = 0;
  return {
    recordBytes,
    get count() {
      return count;
    },
    append(record) {
      if (record.byteLength !== recordBytes)
        throw new Error(`A record of ${record.byteLength} bytes in a file of ${recordBytes}.`);
      writeAll(file, record, count * recordBytes);
      count += 1;
    },
    read(index, target, offset = 0) {
      const got = readSync(file, target, 0, target.byteLength, index * recordBytes + offset);
      if (got !== target.byteLength)
        throw new Error(`Record ${index} of ${count} in ${path} ends after ${got} bytes.`);
    },
    close() {
      closeSync(file);
    },
  };
}

/** A write may take less than it is given, for example when the disk is nearly full. */
export function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.byteLength; )
    done += writeSync(file, bytes, done, bytes.byteLength - done, position + done);
}
