import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Kind = Int32ArrayConstructor | Float32ArrayConstructor;
type Arrays<K extends Record<string, Kind>> = { [Name in keyof K]: InstanceType<K[Name]> };

/** Writes a little-endian file for each array, NAME.bin. */
export async function writeArrays(
  dir: string,
  arrays: Record<string, Int32Array | Float32Array>,
): Promise<void> {
  for (const [name, { buffer }] of Object.entries(arrays))
    await writeFile(join(dir, `${name}.bin`), new Uint8Array(buffer));
}

/** The bytes of an array's file. */
export async function readArray(dir: string, name: string): Promise<ArrayBuffer> {
  const bytes = await readFile(join(dir, `${name}.bin`));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** Reads arrays, [batches, …], and gives of each its part of every batch. */
export async function readBatchesOf<K extends Record<string, Kind>>(
  dir: string,
  kinds: K,
  batches: number,
): Promise<Arrays<K>[]> {
  const all = await Promise.all(
    Object.entries(kinds).map(
      async ([name, kind]) => [name, new kind(await readArray(dir, name))] as const,
    ),
  );
  return Array.from({ length: batches }, (_, batch) => {
    const parts = all.map(([name, array]) => {
      const each = array.length / batches;
      return [name, array.slice(batch * each, (batch + 1) * each)];
    });
    return Object.fromEntries(parts);
  });
}
