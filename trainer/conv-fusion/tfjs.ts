import { cellAverages } from '../backbone/cells.ts';
import type { Convolution } from '../backbone/layers.ts';
import type { Quantisation } from '../backbone/quantise.ts';
import { outputNames } from '../onnx/answers.ts';
import { addAnswers, addInputs } from '../tfjs/answers.ts';
import { attribute, createGraph, type GraphBuilder } from '../tfjs/graph.ts';
import { concat, convolve, globalAverages, matMul, toFloats } from '../tfjs/operators.ts';
import { addSentences } from '../tfjs/sentences.ts';
import { blocksOf, type FeatureScale, smallestNorm } from './normalise.ts';
import type { TrainedModel } from './trained-model.ts';

/**
 * The model as a tfjs graph model, for browsers and Node programs without onnxruntime: the same inputs and
 * outputs as the ONNX file, but that `image` is int32 (tfjs has no bytes).
 */
export function toTfjs(model: TrainedModel): { model: object; weights: Buffer } {
  const graph = createGraph();
  const { classes } = model.head;
  const width = 2 * classes;
  const { ids, weights, image } = addInputs(graph, model.text.maximumTokens, model.imageSize);

  const picture = normalise(graph, addBackbone(graph, model, image), model.scale);
  const rows = model.head.embedding.length / width;
  const embedding = graph.constant(model.head.embedding, [rows, width]);
  const pieces = model.text.sentences?.length ?? 0;
  const tokens = model.text.maximumTokens - pieces;
  const gathered = graph.node('GatherV2', [
    embedding,
    columns(graph, ids, 0, tokens),
    graph.constant(Int32Array.of(0), []),
  ]);
  const column = graph.node('ExpandDims', [
    columns(graph, weights, 0, tokens),
    graph.constant(Int32Array.of(2), []),
  ]);
  const byTokens = graph.node('Sum', [
    graph.node('Mul', [gathered, column]),
    graph.constant(Int32Array.of(1), [1]),
  ]);
  const bySentences = () =>
    bySentence(graph, model, {
      ids: columns(graph, ids, tokens, pieces),
      present: columns(graph, weights, tokens, pieces),
      length: pieces,
    });
  const byText = pieces > 0 ? graph.node('AddV2', [byTokens, bySentences()]) : byTokens;
  const kernel = graph.constant(model.head.kernel, [model.head.kernel.length / width, width]);
  const byPicture = matMul(graph, picture, kernel);
  const half = (value: string, from: number) => columns(graph, value, from, classes);
  const biased = (margins: string, part: number) => {
    const bias = model.head.bias.slice(part * classes, (part + 1) * classes);
    return graph.node('AddV2', [margins, graph.constant(bias, [classes])]);
  };
  const said = {
    fused: biased(graph.node('AddV2', [half(byText, 0), half(byPicture, 0)]), 0),
    text: biased(half(byText, classes), 1),
    picture: biased(half(byPicture, classes), 2),
  };
  addAnswers(graph, said, model.temperatures);
  return graph.finish(outputNames);
}

/** `count` columns of a matrix. */
function columns(graph: GraphBuilder, matrix: string, from: number, count: number): string {
  return graph.node('Slice', [
    matrix,
    graph.constant(Int32Array.of(0, from), [2]),
    graph.constant(Int32Array.of(-1, count), [2]),
  ]);
}

/** What the text's vector says: [n, 2 classes]; 0 where the text has no piece. */
function bySentence(
  graph: GraphBuilder,
  { sentences, head }: TrainedModel,
  pieces: { ids: string; present: string; length: number },
): string {
  if (!sentences || !head.sentences)
    throw new Error('The model has pieces and nothing that reads them.');
  const vectors = addSentences(graph, sentences.encoder, pieces);
  const scaled = normalise(graph, [vectors], sentences.scale);
  const width = 2 * head.classes;
  const kernel = graph.constant(head.sentences, [head.sentences.length / width, width]);
  const any = columns(graph, pieces.present, 0, 1);
  return graph.node('Mul', [matMul(graph, scaled, kernel), any]);
}

function addBackbone(
  graph: GraphBuilder,
  { backbone, imageSize }: TrainedModel,
  image: string,
): string[] {
  const centred = graph.node('Sub', [
    toFloats(graph, image),
    graph.constant(Float32Array.of(127), []),
  ]);
  let x = addConvolution(
    graph,
    graph.node('Mul', [centred, graph.constant(Float32Array.of(1 / 128), [])]),
    backbone.stem,
  );
  let side = Math.ceil(imageSize / backbone.stem.stride);
  const taps: string[] = [];
  for (const block of backbone.blocks) {
    const before = x;
    for (const layer of block.layers) {
      x = addConvolution(graph, x, layer);
      side = Math.ceil(side / layer.stride);
    }
    if (block.residual) x = graph.node('AddV2', [x, before]);
    if (block.rounding) x = round(graph, x, block.rounding);
    const place = { side, channels: block.layers.at(-1)?.output ?? 0 };
    for (const grid of block.grids) taps.push(averages(graph, x, { ...place, grid }));
  }
  return [
    graph.node('Sqrt', [globalAverages(graph, addConvolution(graph, x, backbone.head))]),
    ...taps,
  ];
}

/** [n, side, side, channels] → [n, channels × grid × grid] */
function averages(
  graph: GraphBuilder,
  x: string,
  { side, channels, grid }: { side: number; channels: number; grid: number },
): string {
  const reshape = (value: string, ...shape: number[]) =>
    graph.node('Reshape', [value, graph.constant(Int32Array.from(shape), [shape.length])]);
  const turn = graph.constant(Int32Array.of(0, 2, 1), [3]);
  const planes = graph.node('Transpose', [reshape(x, -1, side * side, channels), turn]);
  const cells = graph.constant(cellAverages(side, grid), [side * side, grid * grid]);
  const each = matMul(graph, reshape(planes, -1, side * side), cells);
  return reshape(each, -1, channels * grid * grid);
}

function addConvolution(graph: GraphBuilder, x: string, layer: Convolution): string {
  const { kernel, stride, output } = layer;
  const inputs = layer.depthwise ? 1 : layer.input;
  const shape = layer.depthwise ? [kernel, kernel, output, 1] : [kernel, kernel, inputs, output];
  const weights = graph.constant(toHwio(layer, inputs), shape);
  const operator = layer.depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
  const y = convolve(graph, operator, x, { kernel: weights, stride });
  const biased = graph.node('AddV2', [y, graph.constant(layer.bias, [output])]);
  if (layer.rounding) return round(graph, biased, layer.rounding);
  return layer.relu6 ? graph.node('Relu6', [biased]) : biased;
}

/** To the nearest value that a byte stands for: integers are beyond tfjs, but not what they compute. */
function round(graph: GraphBuilder, x: string, { scale, zeroPoint }: Quantisation): string {
  const number = (value: number) => graph.constant(Float32Array.of(value), []);
  const whole = graph.node('Round', [graph.node('Mul', [x, number(1 / scale)])]);
  const above = graph.node('Maximum', [whole, number(-zeroPoint)]);
  const within = graph.node('Minimum', [above, number(255 - zeroPoint)]);
  return graph.node('Mul', [within, number(scale)]);
}

/** [out, in, height, width] → [height, width, in, out]; for depthwise kernels `in` is 1, so [height, width, out, 1] is the same order. */
function toHwio({ weights, kernel, output }: Convolution, inputs: number): Float32Array {
  const turned = new Float32Array(weights.length);
  const area = kernel * kernel;
  for (let o = 0; o < output; o += 1)
    for (let i = 0; i < inputs; i += 1)
      for (let at = 0; at < area; at += 1)
        turned[(at * inputs + i) * output + o] = weights[(o * inputs + i) * area + at] as number;
  return turned;
}

function normalise(graph: GraphBuilder, features: string[], scale: FeatureScale): string {
  const blocks = blocksOf(scale).map((block, index) => {
    const mean = graph.constant(block.mean, [block.width]);
    const factor = graph.constant(block.factor, [block.width]);
    const centred = graph.node('Sub', [features[index] as string, mean]);
    return toLength(graph, graph.node('Mul', [centred, factor]), block.length);
  });
  const [first = ''] = blocks;
  const joined = blocks.length > 1 ? concat(graph, blocks) : first;
  return toLength(graph, joined, scale.length);
}

function toLength(graph: GraphBuilder, rows: string, length: number): string {
  const squares = graph.node(
    'Sum',
    [graph.node('Mul', [rows, rows]), graph.constant(Int32Array.of(1), [1])],
    { keep_dims: attribute.flag(true) },
  );
  const floor = graph.constant(Float32Array.of(smallestNorm), []);
  const norm = graph.node('Maximum', [graph.node('Sqrt', [squares]), floor]);
  const unit = graph.node('RealDiv', [rows, norm]);
  return graph.node('Mul', [unit, graph.constant(Float32Array.of(length), [])]);
}
