import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cudaWheels } from './cuda-wheels.ts';
import { type Device, tensorflowWheels } from './tensorflow-wheels.ts';

/** Node-API's version that tfjs-node asks for; addons of one version run on every later Node. */
export const napiVersion = 8;

/** What a folder of libraries was made of: another pin means building it again. */
export function librariesRecipe(device: Device): string {
  const wheels = [tensorflowWheels[device], ...(device === 'gpu' ? cudaWheels : [])];
  return `${wheels.map((wheel) => wheel.sha256).join('\n')}\nwith headers\n`;
}

/** All that decides the compiled addon, beside TensorFlow itself. */
export interface AddonInputs {
  /** tfjs-node's C++ files and headers by name. */
  sources: ReadonlyMap<string, Uint8Array>;
  /** The newest Node-API that the headers know. */
  headersNapi: string;
  flags: readonly string[];
}

/** A name for the addon that these make: another tfjs-node, or headers of another Node, means compiling it again. */
export function addonName({ sources, headersNapi, flags }: AddonInputs): string {
  const hash = createHash('sha256');
  const part = (text: string | Uint8Array) => hash.update(`${text.length}:`).update(text);
  for (const name of [...sources.keys()].sort()) {
    part(name);
    part(sources.get(name) ?? '');
  }
  part(headersNapi);
  for (const flag of flags) part(flag);
  return `tfjs_binding-${hash.digest('hex').slice(0, 16)}.node`;
}

/** The sources of the addon in the package's folder. */
export async function addonSources(packageFolder: string): Promise<Map<string, Uint8Array>> {
  const folder = join(packageFolder, 'binding');
  const names = (await readdir(folder)).filter((name) => /\.(cc|h)$/.test(name));
  const read = names.map(async (name) => [name, await readFile(join(folder, name))] as const);
  return new Map(await Promise.all(read));
}
