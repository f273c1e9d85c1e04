import { type FileHandle, open } from 'node:fs/promises';

/**
 * For which GPUs a library holds code: `sm_90` is machine code for compute capability 9.0, `compute_90` is PTX, which the driver
 * compiles for that and newer ones. How many programs there are of each; empty for a library without CUDA code.
 *
 * The compiler leaves them in the ELF section .nv_fatbin: headers (magic 0xBA55ED50) with entries behind them, each of which says
 * its kind (1: PTX, 2: ELF) and its architecture. Source: fatbinary_section.h of the CUDA toolkit, and what cuobjdump prints.
 */
export async function cudaCodeOf(path: string): Promise<Record<string, number>> {
  const file = await open(path);
  try {
    const found: Record<string, number> = {};
    const section = await findSection(file, '.nv_fatbin');
    if (!section) return found;
    const end = section.offset + section.size;
    for (let at = section.offset; at + headerBytes <= end; ) {
      const header = await read(file, at, headerBytes);
      if (header.readUInt32LE(0) !== magic) {
        // Each stands at a multiple of 8 bytes, with zeros between.
        at += 8;
        continue;
      }
      const first = at + header.readUInt16LE(6);
      at = first + Number(header.readBigUInt64LE(8));
      for (let entry = first; entry + entryBytes <= at; ) {
        const fields = await read(file, entry, entryBytes);
        const name = `${fields.readUInt16LE(0) === 1 ? 'compute' : 'sm'}_${fields.readUInt32LE(28)}`;
        found[name] = (found[name] ?? 0) + 1;
        entry += fields.readUInt32LE(4) + Number(fields.readBigUInt64LE(8));
      }
    }
    return found;
  } finally {
    await file.close();
  }
}

const magic = 0xba55ed50;
const headerBytes = 16;
const entryBytes = 32;

/** A section of a 64-bit little-endian ELF file. */
async function findSection(
  file: FileHandle,
  wanted: string,
): Promise<{ offset: number; size: number } | undefined> {
  const elf = await read(file, 0, 64);
  const [table, width, count, names] = [
    Number(elf.readBigUInt64LE(40)),
    elf.readUInt16LE(58),
    elf.readUInt16LE(60),
    elf.readUInt16LE(62),
  ];
  const headers = await read(file, table, width * count);
  const placeOf = (index: number) => ({
    offset: Number(headers.readBigUInt64LE(index * width + 24)),
    size: Number(headers.readBigUInt64LE(index * width + 32)),
  });
  const { offset, size } = placeOf(names);
  const strings = await read(file, offset, size);
  for (let index = 0; index < count; index++) {
    const start = headers.readUInt32LE(index * width);
    const name = strings.toString('latin1', start, strings.indexOf(0, start));
    if (name === wanted) return placeOf(index);
  }
  return undefined;
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length)
    throw new Error(`The file ends at ${position + bytesRead}, within its own tables.`);
  return buffer;
}
