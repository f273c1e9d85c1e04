import { type Backbone, type Convolution, featureWidths } from '../backbone/layers.ts';
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
 * @returns names of the raw features: the head's averages (square-rooted), then those of the tapped blocks
 */
export function addBackbone(
  graph: GraphBuilder,
  backbone: Backbone,
  image: string,
  size: number,
): string[] {
  const six = graph.constant(Float32Array.of(6), []);
  const zero = graph.constant(Float32Array.of(0), []);
  const convolve = (layer: Convolution, input: string, side: number): string => {
    const inputs = layer.depthwise ? 1 : layer.input;
    const y = graph.node(
      'Conv',
      [
        input,
        graph.constant(layer.weights, [layer.output, inputs, layer.kernel, layer.kernel]),
        graph.constant(layer.bias, [layer.output]),
      ],
      {
        kernel_shape: [layer.kernel, layer.kernel],
        strides: [layer.stride, layer.stride],
        pads: samePads(side, layer),
        group: layer.depthwise ? layer.output : 1,
      },
    );
    return layer.relu6 ? graph.node('Clip', [y, zero, six]) : y;
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
    if (block.tapped) taps.push(average(x));
  }
  return [graph.node('Sqrt', [average(convolve(backbone.head, x, side))]), ...taps];
}

/** TensorFlow's 'same' padding: where it is odd, the larger half is at the bottom and on the right. */
function samePads(side: number, { kernel, stride }: Convolution): [number, number, number, number] {
  const total = Math.max((Math.ceil(side / stride) - 1) * stride + kernel - side, 0);
  const before = Math.floor(total / 2);
  return [before, before, total - before, total - before];
}
