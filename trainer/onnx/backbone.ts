import { cellAverages } from '../backbone/cells.ts';
import { type Backbone, type Convolution, featureWidths } from '../backbone/layers.ts';
import type { Quantisation } from '../backbone/quantise.ts';
import { createGraph, type GraphBuilder } from './graph.ts';

/**
 * The backbone alone as an ONNX file: `image` uint8 [n, size, size, 3] (RGB) in, `features` float32 [n, Σ featureWidths] out.
 * It holds the very nodes that a served model begins with.
 */
export function backboneOnnx(backbone: Backbone, size: number): Uint8Array {
  const graph = createGraph('shelfwise-backbone');
  const features = addBackbone(graph, backbone, 'image', size);
  graph.output(graph.node('Concat', features, { axis: 1 }), 'features');
  const width = featureWidths(backbone).reduce((sum, each) => sum + each, 0);
  return graph.finish(
    [{ name: 'image', type: 'uint8', shape: ['n', size, size, 3] }],
    [{ name: 'features', type: 'float', shape: ['n', width] }],
  );
}

/**
 * Adds the backbone.
 *
 * @param image name of uint8 [n, size, size, 3]
 * @returns names of the raw features: the head's averages (square-rooted), then those of each grid of the blocks
 */
export function addBackbone(
  graph: GraphBuilder,
  backbone: Backbone,
  image: string,
  size: number,
): string[] {
  const scalar = (value: number) => graph.constant(Float32Array.of(value), []);
  const clip = (value: string) => graph.node('Clip', [value, scalar(0), scalar(6)]);
  /** Rounds to bytes and back; onnxruntime makes integer operators of what stands between two of these. */
  const round = (value: string, as: Quantisation): string => {
    const parameters = [scalar(as.scale), graph.constant(Uint8Array.of(as.zeroPoint), [])];
    const integer = graph.node('QuantizeLinear', [value, ...parameters]);
    return graph.node('DequantizeLinear', [integer, ...parameters]);
  };
  const convolve = (layer: Convolution, input: string, side: number): string => {
    const y = graph.node('Conv', [input, ...parametersOf(graph, layer)], {
      kernel_shape: [layer.kernel, layer.kernel],
      strides: [layer.stride, layer.stride],
      pads: samePads(side, layer),
      group: layer.depthwise ? layer.output : 1,
    });
    // The bytes stand for nothing that a ReLU6 would cut off.
    if (layer.rounding) return round(y, layer.rounding);
    return layer.relu6 ? clip(y) : y;
  };
  const average = (value: string) =>
    graph.node('Flatten', [graph.node('GlobalAveragePool', [value])], { axis: 1 });

  // Bytes become numbers around 0 before the padding does, as in training; the only transposition is of three channels.
  const channels = graph.node('Transpose', [graph.node('Cast', [image], { to: 1 })], {
    perm: [0, 3, 1, 2],
  });
  const centred = graph.node('Sub', [channels, graph.constant(Float32Array.of(127), [])]);
  const scaled = { ...backbone.stem, weights: backbone.stem.weights.map((value) => value / 128) };
  let side = Math.ceil(size / backbone.stem.stride);
  let x = convolve(scaled, centred, size);
  const taps: string[] = [];
  for (const block of backbone.blocks) {
    const before = x;
    for (const layer of block.layers) {
      x = convolve(layer, x, side);
      side = Math.ceil(side / layer.stride);
    }
    if (block.residual) x = graph.node('Add', [x, before]);
    if (block.rounding) x = round(x, block.rounding);
    for (const grid of block.grids) taps.push(averages(graph, x, { side, grid }));
  }
  return [graph.node('Sqrt', [average(convolve(backbone.head, x, side))]), ...taps];
}

/** [n, channels, side, side] → [n, channels × grid × grid] */
function averages(
  graph: GraphBuilder,
  x: string,
  { side, grid }: { side: number; grid: number },
): string {
  // 0: as many as there were.
  const shape = graph.constant(BigInt64Array.of(0n, 0n, BigInt(side * side)), [3]);
  const cells = graph.constant(cellAverages(side, grid), [side * side, grid * grid]);
  const each = graph.node('MatMul', [graph.node('Reshape', [x, shape]), cells]);
  return graph.node('Flatten', [each], { axis: 1 });
}

/** A convolution's weights and bias: floats, or integers and what they stand for. */
function parametersOf(graph: GraphBuilder, layer: Convolution): string[] {
  const { output, kernel, integers } = layer;
  const shape = [output, layer.depthwise ? 1 : layer.input, kernel, kernel];
  if (!integers)
    return [graph.constant(layer.weights, shape), graph.constant(layer.bias, [output])];
  const scaled = (values: Int8Array | Int32Array, of: number[], scales: Float32Array) => {
    const inputs = [graph.constant(values, of), graph.constant(scales, [output])];
    return graph.node('DequantizeLinear', inputs, { axis: 0 });
  };
  return [
    scaled(integers.weights, shape, integers.scales),
    scaled(integers.bias, [output], integers.biasScales),
  ];
}

/** TensorFlow's 'same' padding: where it is odd, the larger half is at the bottom and on the right. */
function samePads(side: number, { kernel, stride }: Convolution): [number, number, number, number] {
  const total = Math.max((Math.ceil(side / stride) - 1) * stride + kernel - side, 0);
  const before = Math.floor(total / 2);
  return [before, before, total - before, total - before];
}
