import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The one set of weights there is so far. */
export const backboneName = 'efficientnet-lite0';
const digest = 'ab94565e8dc67319da0ba2a3613086d66420f4620f6a53dd5ff30165256b1532';

export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}
export type Weights = ReadonlyMap<string, Tensor>;

/** Throws, naming the command that brings them, unless the folder holds exactly the known weights. */
export async function verifyWeights(directory: string): Promise<Buffer> {
  const path = join(directory, `${backboneName}.safetensors`);
  const file = await readFile(path).catch((cause: unknown) => {
    throw new Error(`There are no weights at ${path}: run "npm run setup:backbone".`, { cause });
  });
  const seen = createHash('sha256').update(file).digest('hex');
  if (seen !== digest)
    throw new Error(
      `${path} holds other weights (sha256 ${seen}, not ${digest}): remove it and run "npm run setup:backbone".`,
    );
  return file;
}

/** Reads the weights of a folder, verified. */
export async function readWeights(directory: string): Promise<Weights> {
  return parseSafetensors(await verifyWeights(directory));
}

/**
 * The tensors of a safetensors file: an 8-byte little-endian length, a JSON header, then raw float32.
 * Source: https://huggingface.co/docs/safetensors
 */
export function parseSafetensors(file: Buffer): Weights {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        if (dtype !== 'F32') throw new Error(`The tensor ${name} is ${dtype}, not F32.`);
        // A copy: a float view needs an offset that is a multiple of four in its own buffer.
        const bytes = Uint8Array.from(file.subarray(8 + headerBytes + from, 8 + headerBytes + to));
        return [name, { shape, data: new Float32Array(bytes.buffer) }];
      },
    ),
  );
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}
