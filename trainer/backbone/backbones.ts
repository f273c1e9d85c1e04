import { type Backbone, buildBackbone } from './layers.ts';
import { quantise } from './quantise.ts';
import { backboneName, readWeights } from './weights.ts';

/** The picture networks there are, all of the same weights; the first is the default. */
export const backboneNames = [backboneName, `${backboneName}-int8`] as const;
export type BackboneName = (typeof backboneNames)[number];

/** Throws, naming the command that brings the weights, unless the folder holds exactly the known ones. */
export async function openBackbone(name: BackboneName, directory: string): Promise<Backbone> {
  const float = buildBackbone(await readWeights(directory));
  return name === backboneName ? float : quantise(float);
}
