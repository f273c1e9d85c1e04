/**
 * The few rules of protobuf's wire format that writing an ONNX or an event file takes: a field is its number and wire
 * type, then a varint, four or eight bytes, or a length and bytes. Source: https://protobuf.dev/programming-guides/encoding
 */
export type Bytes = Uint8Array;
/** What is written, in its order: numbers of megabytes are not copied anew for each message around them. */
export type Pieces = readonly Bytes[];

export function message(...fields: (Pieces | readonly Pieces[])[]): Pieces {
  return fields.flat(2) as Bytes[];
}

/** All of it in one piece. */
export function joined(pieces: Pieces): Buffer {
  return Buffer.concat(pieces);
}

/** An integer field: int32, int64, uint64, bool, enum. */
export function integer(field: number, value: number): Pieces {
  return [Buffer.concat([varint(field << 3), varint(value)])];
}

/** A float field. */
export function float(field: number, value: number): Pieces {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return [Buffer.concat([varint((field << 3) | 5), bytes])];
}

/** A double field. */
export function double(field: number, value: number): Pieces {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [Buffer.concat([varint((field << 3) | 1), bytes])];
}

/** A field of bytes, a string or an embedded message. */
export function bytes(field: number, value: Pieces | Bytes | string): Pieces {
  const content = typeof value === 'string' ? [Buffer.from(value)] : [value].flat();
  const length = content.reduce((sum, piece) => sum + piece.byteLength, 0);
  return [Buffer.concat([varint((field << 3) | 2), varint(length)]), ...content];
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
