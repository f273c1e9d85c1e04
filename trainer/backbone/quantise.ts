import type { Backbone, Block, Convolution } from './layers.ts';
import { cutNormalMean } from './normal.ts';

/** Real numbers as bytes: value = scale × (byte − zeroPoint). */
export interface Quantisation {
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface Integers {
  /** In the layout of the layer's weights. */
  readonly weights: Int8Array;
  /** [output]: what an integer of each output channel stands for. */
  readonly scales: Float32Array;
  /** [output], in units of biasScales. */
  readonly bias: Int32Array;
  /** [output]: the input's scale × scales. */
  readonly biasScales: Float32Array;
}

/** Values further from their channel's mean than this many deviations are cut off: more cuts less, but is coarser. */
const reach = 4;
const largestInteger = 127;
/** A float holds every integer up to four times that. */
const largestBias = 2 ** 22;
/** Eleven bits and a sign: 27 products with a byte add up to less than the 24 bits that a float holds exactly. */
const largestOfStem = 2047;

/**
 * The network in bytes: a third of the time, and nearly the same features. Weights have a scale for each output channel,
 * activations one for each layer. No pictures are needed to know how large activations get: the batch norms have counted
 * that over all of ImageNet. The first convolution stays in floats: it is cheap, and rounding its weights to bytes would
 * shift everything on the white backgrounds of a shop's pictures.
 *
 * All scales are powers of two, so that every sum and every rounding is exact in float arithmetic, too: the result's float
 * weights are what its integers stand for, and a program that computes in floats and rounds where it is told to gives the
 * same bytes as one that computes in integers, on whatever CPU. What a network rounds is chaotic otherwise: one value
 * that falls to the other side of a half changes some of the next layer's, and in the end a feature by a percent. So that
 * the range of activations still fits the bytes, each layer's output is in a unit of its own.
 */
export function quantise(backbone: Backbone): Backbone {
  const stem = first(backbone.stem);
  let input = stem.output;
  const blocks = backbone.blocks.map((block): Block => {
    let each = input;
    const layers = block.layers.map((layer, index) => {
      // What is added to the block's input has to be in its unit.
      const summand = block.residual && index === block.layers.length - 1;
      const done = convolution(layer, each, summand ? input.unit : undefined);
      each = done.output;
      return done.layer;
    });
    if (!block.residual) {
      input = each;
      return { ...block, layers };
    }
    input = activation(sumOf(each, input), false, input.unit);
    return { ...block, layers, rounding: input.rounding };
  });
  const head = convolution(backbone.head, input).layer;
  return { name: `${backbone.name}-int8`, stem: stem.layer, blocks, head };
}

/** How the values of each channel are distributed. */
interface Spread {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** A layer's output. The spread is in the float network's unit; this network's values are `unit` times as large. */
interface Activation extends Spread {
  /** Whether what the spread tells of is cut off below 0 and above 6. */
  readonly relu6: boolean;
  readonly unit: number;
  readonly rounding: Quantisation;
}

/** Finds scale and, where it is free, unit: the one in which the range is just that of the bytes. */
function activation(spread: Spread, relu6: boolean, unit?: number): Activation {
  let [low, high] = [0, 0];
  spread.mean.forEach((value, i) => {
    low = Math.min(low, value - reach * (spread.deviation[i] as number));
    high = Math.max(high, value + reach * (spread.deviation[i] as number));
  });
  if (relu6) [low, high] = [0, Math.min(high, 6)];
  const step = (high - low) / 255;
  if (unit === undefined) {
    const scale = 2 ** Math.round(Math.log2(step));
    const rounding = { scale, zeroPoint: even(-low / step) };
    return { ...spread, relu6, unit: scale / step, rounding };
  }
  const scale = 2 ** Math.ceil(Math.log2(step * unit));
  return {
    ...spread,
    relu6,
    unit,
    rounding: { scale, zeroPoint: centre(low, high, scale / unit) },
  };
}

/** Where the bytes reach further than the range, they do so to both sides. */
function centre(low: number, high: number, step: number): number {
  return even(127.5 - (low + high) / 2 / step);
}

/** Whether a half is rounded to even before or after an even zero point is added makes no difference. */
function even(value: number): number {
  return 2 * Math.round(value / 2);
}

function first(layer: Convolution): { layer: Convolution; output: Activation } {
  const output = activation(spreadOf(layer), layer.relu6);
  const perOutput = layer.weights.length / layer.output;
  const scales = Array.from({ length: layer.output }, (_, channel) => {
    const mine = layer.weights.subarray(channel * perOutput, (channel + 1) * perOutput);
    const largest = mine.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const bias = Math.abs(layer.bias[channel] as number) * output.unit;
    return Math.max(
      scaleFor(largest * output.unit, largestOfStem),
      128 * scaleFor(bias, largestBias),
    );
  });
  const rounded = (value: number, scale: number) =>
    Math.round((value * output.unit) / scale) * scale;
  return {
    layer: {
      ...layer,
      weights: layer.weights.map((value, i) =>
        rounded(value, scales[Math.floor(i / perOutput)] as number),
      ),
      // A picture's byte stands for a 128th.
      bias: layer.bias.map((value, channel) => rounded(value, (scales[channel] as number) / 128)),
      rounding: output.rounding,
    },
    output,
  };
}

function convolution(
  layer: Convolution,
  input: Activation,
  unit?: number,
): { layer: Convolution; output: Activation } {
  const output = activation(spreadOf(layer), layer.relu6, unit);
  const channels = layer.output;
  const perOutput = layer.weights.length / channels;
  const expected = expectedOf(input);
  const integers = {
    weights: new Int8Array(layer.weights.length),
    scales: new Float32Array(channels),
    bias: new Int32Array(channels),
    biasScales: new Float32Array(channels),
  };
  const weights = new Float32Array(layer.weights.length);
  const bias = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const from = channel * perOutput;
    const mine = layer.weights
      .subarray(from, from + perOutput)
      .map((value) => (value * output.unit) / input.unit);
    const wanted = (layer.bias[channel] as number) * output.unit;
    // The weights of a channel that sees next to nothing are next to nothing; its bias is not.
    const least = scaleFor(Math.abs(wanted), largestBias) / input.rounding.scale;
    const scale = Math.max(scaleFor(largestOf(mine, layer), largestInteger), least);
    let shift = 0;
    mine.forEach((value, i) => {
      const integer = Math.round(value / scale);
      integers.weights[from + i] = integer;
      weights[from + i] = integer * scale;
      const source = layer.depthwise ? channel : Math.floor(i / layer.kernel ** 2);
      shift += (integer * scale - value) * (expected[source] as number) * input.unit;
    });
    const biasScale = scale * input.rounding.scale;
    // Inputs are no noise around 0: without this, what rounding does to the weights would shift the whole channel.
    integers.scales[channel] = scale;
    integers.biasScales[channel] = biasScale;
    integers.bias[channel] = Math.round((wanted - shift) / biasScale);
    bias[channel] = (integers.bias[channel] as number) * biasScale;
  }
  return { layer: { ...layer, weights, bias, integers, rounding: output.rounding }, output };
}

/** The smallest power of two that has `integer` stand for no less than `largest`. */
function scaleFor(largest: number, integer: number): number {
  return largest > 0 ? 2 ** Math.ceil(Math.log2(largest / integer)) : 2 ** -24;
}

/**
 * What the largest integer has to stand for: the largest weight, and the largest sum of two neighbours. AVX2 adds up two
 * products of a byte and a weight in 16 bits, and cuts off what does not fit; CPUs with VNNI do not. All are to compute the same.
 */
function largestOf(weights: Float32Array, { depthwise }: Convolution): number {
  let largest = 0;
  weights.forEach((value, i) => {
    // Depthwise convolutions add up in 32 bits.
    const next = depthwise || i % 2 === 1 ? 0 : (weights[i + 1] ?? 0);
    largest = Math.max(largest, Math.abs(value), Math.abs(value + next));
  });
  return largest;
}

function expectedOf({ mean, deviation, relu6 }: Activation): Float32Array {
  return relu6 ? mean.map((value, i) => cutNormalMean(value, deviation[i] as number, 0, 6)) : mean;
}

function spreadOf({ name, statistics }: Convolution): Spread {
  if (!statistics) throw new Error(`The layer ${name} has no batch norm that tells its range.`);
  return statistics;
}

/** Of a sum of two, as if they were independent. */
function sumOf(a: Spread, b: Spread): Spread {
  return {
    mean: a.mean.map((value, i) => value + (b.mean[i] as number)),
    deviation: a.deviation.map((value, i) => Math.hypot(value, b.deviation[i] as number)),
  };
}
