import { batchNormEpsilon } from './kernels.ts';
import type { Weight, Weights } from './network.ts';

/** How weights are laid out elsewhere than in TensorFlow's kernels. */

export function weightOf(weights: Weights, name: string): Weight {
  const found = weights[name];
  if (!found) throw new Error(`The network has no ${name}.`);
  return found;
}

/** A dense layer: kernel [from, to] and bias [to]. */
export function dense(weights: Weights, name: string) {
  const { shape, data } = weightOf(weights, `${name}/kernel`);
  const [from = 0, to = 0] = shape;
  return { kernel: data, bias: weightOf(weights, `${name}/bias`).data, from, to };
}

/**
 * ONNX's LSTM: gates in the order input, output, forget, cell, each [units, width], for the word and for what was said
 * before apart, and a bias for either (of which ours is one).
 */
export function gateRows(weights: Weights) {
  const kernel = weightOf(weights, 'lstm/kernel');
  const offsets = weightOf(weights, 'lstm/bias').data;
  const units = offsets.length / 4;
  const width = (kernel.shape[0] as number) - units;
  // Where ONNX's gates are among input, forget, cell, output.
  const gates = [0, 3, 1, 2];
  const rows = (from: number, count: number) => {
    const turned = new Float32Array(4 * units * count);
    let at = 0;
    for (const gate of gates)
      for (let unit = 0; unit < units; unit += 1)
        for (let i = from; i < from + count; i += 1)
          turned[at++] = kernel.data[i * 4 * units + gate * units + unit] as number;
    return turned;
  };
  const bias = new Float32Array(8 * units);
  gates.forEach((gate, i) => {
    bias.set(offsets.subarray(gate * units, (gate + 1) * units), i * units);
  });
  return { input: rows(0, width), recurrent: rows(width, units), bias, width, units };
}

/** A convolution with the batch norm behind it folded in: kernel [to, from, 3, 3] and bias [to]. */
export function convolutionOf(weights: Weights, layer: string) {
  const { kernel, bias, from, to } = foldedConvolution(weights, layer);
  const turned = new Float32Array(kernel.length);
  for (let at = 0; at < 9; at += 1)
    for (let i = 0; i < from; i += 1)
      for (let o = 0; o < to; o += 1)
        turned[(o * from + i) * 9 + at] = kernel[(at * from + i) * to + o] as number;
  return { kernel: turned, bias, from, to };
}

/** y = γ (Wx − μ) / √(σ² + ε) + β is a convolution with other weights [3, 3, from, to] and a bias [to]. */
export function foldedConvolution(weights: Weights, layer: string) {
  const { shape, data } = weightOf(weights, `${layer}/kernel`);
  const [, , from = 0, to = 0] = shape;
  const [scale, offset, mean, variance] = ['scale', 'offset', 'mean', 'variance'].map(
    (part) => weightOf(weights, `${layer}/${part}`).data,
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const factor = scale.map(
    (each, o) => each / Math.sqrt((variance[o] as number) + batchNormEpsilon),
  );
  return {
    kernel: data.map((each, i) => each * (factor[i % to] as number)),
    bias: offset.map((each, o) => each - (mean[o] as number) * (factor[o] as number)),
    from,
    to,
  };
}
