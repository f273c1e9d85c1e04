export interface Tensor<T = Float32Array> {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: T;
}

/** The tensors of a file by name: float32, and bytes. */
export interface Contents {
  readonly floats: ReadonlyMap<string, Tensor>;
  readonly bytes: ReadonlyMap<string, Tensor<Uint8Array>>;
}

/**
 * The tensors of a safetensors file: an 8-byte little-endian length, a JSON header, then raw numbers.
 * Source: https://huggingface.co/docs/safetensors
 */
export function readSafetensors(file: Buffer): Contents {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  const floats = new Map<string, Tensor>();
  const bytes = new Map<string, Tensor<Uint8Array>>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    const [from, to] = offsets.map((offset) => 8 + headerBytes + offset);
    // A copy: a float view needs an offset that is a multiple of four in its own buffer.
    const data = Uint8Array.from(file.subarray(from, to));
    if (dtype === 'F32') floats.set(name, { shape, data: new Float32Array(data.buffer) });
    else if (dtype === 'U8') bytes.set(name, { shape, data });
    else throw new Error(`The tensor ${name} is ${dtype}, neither F32 nor U8.`);
  }
  return { floats, bytes };
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}
