import { join } from 'node:path';
import { readPinned } from './pinned-file.ts';
import { readSafetensors, type Tensor } from './safetensors.ts';

/** The one set of weights there is so far. */
export const backboneName = 'efficientnet-lite0';
const digest = 'ab94565e8dc67319da0ba2a3613086d66420f4620f6a53dd5ff30165256b1532';

export type Weights = ReadonlyMap<string, Tensor>;

/** Throws, naming the command that brings them, unless the folder holds exactly the known weights. */
export async function verifyWeights(directory: string): Promise<Buffer> {
  return await readPinned(join(directory, `${backboneName}.safetensors`), digest);
}

/** Reads the weights of a folder, verified. */
export async function readWeights(directory: string): Promise<Weights> {
  return readSafetensors(await verifyWeights(directory)).floats;
}
