/**
 * The few rules of protobuf's wire format that writing an ONNX or an event file takes: a field is its number and wire
 * type, then a varint, four or eight bytes, or a length and bytes. Source: https://protobuf.dev/programming-guides/encoding
 */
export type Bytes = Uint8Array;

export function message(...fields: (Bytes | Bytes[])[]): Bytes {
  return Buffer.concat(fields.flat());
}

/** An integer field: int32, int64, uint64, bool, enum. */
export function integer(field: number, value: number): Bytes {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

/** A float field. */
export function float(field: number, value: number): Bytes {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), bytes]);
}

/** A double field. */
export function double(field: number, value: number): Bytes {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), bytes]);
}

/** A field of bytes, a string or an embedded message. */
export function bytes(field: number, value: Bytes | string): Bytes {
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((field << 3) | 2), varint(content.byteLength), content]);
}

/** Seven bits a byte, lowest first; a negative number counts as its 64-bit two's complement. */
function varint(value: number): Bytes {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}
