import { Problem } from '../http/problems.ts';

/** Elements of a BYTES tensor in its binary form: each is its length (uint32, little-endian) and as many bytes. */
export function readBytes(tensor: Buffer, count: number, name: string): Buffer[] {
  const elements: Buffer[] = [];
  let at = 0;
  while (at < tensor.length) {
    if (elements.length === count || at + 4 > tensor.length) throw wrongSize(name, count);
    const end = at + 4 + tensor.readUInt32LE(at);
    if (end > tensor.length) throw wrongSize(name, count);
    elements.push(tensor.subarray(at + 4, end));
    at = end;
  }
  if (elements.length !== count) throw wrongSize(name, count);
  return elements;
}

export function writeBytes(elements: readonly string[]): Buffer {
  return Buffer.concat(
    elements.flatMap((element) => {
      const bytes = Buffer.from(element);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** FP32 in its binary form. */
export function writeFloats(rows: readonly Float32Array[]): Buffer {
  return Buffer.concat(rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength)));
}

function wrongSize(name: string, count: number): Problem {
  const detail = `The binary data of ${name} are not the ${count} elements of its shape, each a length of four bytes and its bytes.`;
  return new Problem('unusable-part', detail, { part: name });
}
