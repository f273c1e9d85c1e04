import type { Integers, Quantisation } from './quantise.ts';
import type { Tensor } from './safetensors.ts';
import { backboneName, type Weights } from './weights.ts';

/** A convolution with its batch norm folded in: all that inference needs of both. */
export interface Convolution {
  readonly name: string;
  readonly depthwise: boolean;
  readonly kernel: number;
  readonly stride: number;
  readonly input: number;
  readonly output: number;
  /** [output, input (1 if depthwise), kernel, kernel], row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly relu6: boolean;
  /** What its batch norm says of each output channel, before the ReLU6: how it is distributed over natural pictures. */
  readonly statistics?: { readonly mean: Float32Array; readonly deviation: Float32Array };
  /** The same weights and bias as integers, where the network computes with these. */
  readonly integers?: Integers;
  /** What the output is rounded to, where it is. */
  readonly rounding?: Quantisation;
}

/** An inverted residual block: expand, depthwise, project. */
export interface Block {
  readonly layers: readonly Convolution[];
  readonly residual: boolean;
  /** The averages of its output over the cells of these grids, so many to a side, are part of the picture's features. */
  readonly grids: readonly number[];
  /** What the sum of a residual block is rounded to, where it is. */
  readonly rounding?: Quantisation;
}

/** EfficientNet-Lite0 without its classifier. Pictures enter as (byte − 127) / 128. */
export interface Backbone {
  readonly name: string;
  readonly stem: Convolution;
  readonly blocks: readonly Block[];
  readonly head: Convolution;
}

/** Kernel, stride, expansion, channels out, repeats. Source: tensorflow/tpu, efficientnet_lite_builder.py. */
const stages = [
  { kernel: 3, stride: 1, expansion: 1, output: 16, repeats: 1 },
  { kernel: 3, stride: 2, expansion: 6, output: 24, repeats: 2 },
  { kernel: 5, stride: 2, expansion: 6, output: 40, repeats: 2 },
  { kernel: 3, stride: 2, expansion: 6, output: 80, repeats: 3 },
  { kernel: 5, stride: 1, expansion: 6, output: 112, repeats: 3 },
  { kernel: 5, stride: 2, expansion: 6, output: 192, repeats: 4 },
  { kernel: 3, stride: 1, expansion: 6, output: 320, repeats: 1 },
] as const;

/**
 * Blocks whose averages are features too: middle layers see the textures and shapes that the last one forgets. Those of
 * block 7 also say where: what drawings have in common is often a shape at a place.
 */
const gridsOfBlocks = new Map([
  [4, [1]],
  [7, [1, 4]],
  [10, [1]],
]);
const batchNormEpsilon = 1e-3;

/** Builds the layers from the published weights. */
export function buildBackbone(weights: Weights): Backbone {
  const convolution = folder(weights);
  const stem = convolution('_conv_stem', '_bn0', { stride: 2, relu6: true });
  const blocks: Block[] = [];
  let input = stem.output;
  for (const stage of stages) {
    for (let repeat = 0; repeat < stage.repeats; repeat += 1) {
      const index = blocks.length;
      const stride = repeat === 0 ? stage.stride : 1;
      const at = `_blocks.${index}.`;
      const layers = [
        convolution(`${at}_depthwise_conv`, `${at}_bn1`, { stride, relu6: true }),
        convolution(`${at}_project_conv`, `${at}_bn2`, { stride: 1, relu6: false }),
      ];
      if (stage.expansion > 1)
        layers.unshift(convolution(`${at}_expand_conv`, `${at}_bn0`, { stride: 1, relu6: true }));
      const residual = stride === 1 && input === stage.output;
      blocks.push({ layers, residual, grids: gridsOfBlocks.get(index) ?? [] });
      input = stage.output;
    }
  }
  const head = convolution('_conv_head', '_bn1', { stride: 1, relu6: true });
  return { name: backboneName, stem, blocks, head };
}

/** Lengths of the feature blocks: the head's averages, then those of each grid, block by block. */
export function featureWidths(backbone: Backbone): number[] {
  const taps = backbone.blocks.flatMap(({ layers, grids }) =>
    grids.map((grid) => (layers.at(-1)?.output ?? 0) * grid * grid),
  );
  return [backbone.head.output, ...taps];
}

/** y = γ (Wx − μ) / √(σ² + ε) + β is a convolution with other weights and a bias. */
function folder(weights: Weights) {
  const find = (name: string): Tensor => {
    const tensor = weights.get(name);
    if (!tensor) throw new Error(`The backbone's weights lack ${name}.`);
    return tensor;
  };
  return (
    name: string,
    norm: string,
    { stride, relu6 }: { stride: number; relu6: boolean },
  ): Convolution => {
    const { shape, data } = find(`${name}.weight`);
    const [output = 0, inputs = 0, kernel = 0] = shape;
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
      (part) => find(`${norm}.${part}`).data,
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const scale = gamma.map((value, i) => value / Math.sqrt(at(variance, i) + batchNormEpsilon));
    const perOutput = data.length / output;
    return {
      name: name.replace(/^_/, '').replaceAll('._', '.'),
      depthwise: inputs === 1 && output > 1,
      kernel,
      stride,
      input: name.endsWith('_depthwise_conv') ? output : inputs,
      output,
      weights: data.map((value, i) => value * at(scale, Math.floor(i / perOutput))),
      bias: beta.map((value, i) => value - at(mean, i) * at(scale, i)),
      relu6,
      statistics: { mean: beta, deviation: gamma.map(Math.abs) },
    };
  };
}

function at(values: Float32Array, index: number): number {
  return values[index] as number;
}
