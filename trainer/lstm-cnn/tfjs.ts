import { outputNames } from '../onnx/answers.ts';
import { addAnswers, addInputs } from '../tfjs/answers.ts';
import { createGraph, type GraphBuilder } from '../tfjs/graph.ts';
import { concat, convolve, globalAverages, matMul, toFloats } from '../tfjs/operators.ts';
import { pixelScale } from './batch.ts';
import type { TrainedModel } from './fitted-model.ts';
import { dense, foldedConvolution, weightOf } from './layouts.ts';
import { channels } from './settings.ts';

/**
 * The model as a tfjs graph model. tfjs has no operation for an LSTM, so it is written out word by word; `image` is int32,
 * for tfjs has no bytes.
 */
export function toTfjs(model: TrainedModel): { model: object; weights: Buffer } {
  const graph = createGraph();
  const { ids, weights, image } = addInputs(graph, model.text.maximumTokens, model.imageSize);
  const text = addText(graph, model, ids, weights);
  const picture = addPicture(graph, model, image);
  const layer = (x: string, name: string) => {
    const { kernel, bias, from, to } = dense(model.weights, name);
    return affine(graph, x, graph.constant(kernel, [from, to]), graph.constant(bias, [to]));
  };
  const joint = concat(graph, [text, picture]);
  const said = {
    fused: layer(graph.node('Relu', [layer(joint, 'joint')]), 'fused'),
    text: layer(text, 'text'),
    picture: layer(picture, 'picture'),
  };
  addAnswers(graph, said, model.temperatures);
  return graph.finish(outputNames);
}

function addText(graph: GraphBuilder, model: TrainedModel, ids: string, given: string): string {
  const { weights, text } = model;
  const { shape, data } = weightOf(weights, 'embedding');
  const offsets = weightOf(weights, 'lstm/bias').data;
  const units = offsets.length / 4;
  const kernel = weightOf(weights, 'lstm/kernel');
  const matrix = graph.constant(kernel.data, kernel.shape);
  const bias = graph.constant(offsets, [4 * units]);
  const axis = (value: number) => graph.constant(Int32Array.of(value), []);
  const rows = graph.node('GatherV2', [graph.constant(data, shape), ids, axis(0)]);
  const column = graph.node('ExpandDims', [given, axis(2)]);
  const read = graph.node('Mul', [rows, column]);
  // Of as many rows as the batch has: what is held before the first word is 0.
  const none = graph.node('Mul', [
    graph.node('Slice', [given, pair(graph, 0, 0), pair(graph, -1, 1)]),
    graph.constant(new Float32Array(units), [units]),
  ]);
  let held = none;
  let cell = none;
  const width = shape[1] as number;
  for (let word = 0; word < text.maximumTokens; word += 1) {
    const begin = graph.constant(Int32Array.of(0, word, 0), [3]);
    const size = graph.constant(Int32Array.of(-1, 1, width), [3]);
    const slice = graph.node('Slice', [read, begin, size]);
    const each = graph.node('Reshape', [slice, pair(graph, -1, width)]);
    const gates = affine(graph, concat(graph, [each, held]), matrix, bias);
    const gate = (at: number) =>
      graph.node('Slice', [gates, pair(graph, 0, at * units), pair(graph, -1, units)]);
    const input = graph.node('Sigmoid', [gate(0)]);
    const forget = graph.node('Sigmoid', [gate(1)]);
    const output = graph.node('Sigmoid', [gate(3)]);
    cell = graph.node('AddV2', [
      graph.node('Mul', [forget, cell]),
      graph.node('Mul', [input, graph.node('Tanh', [gate(2)])]),
    ]);
    held = graph.node('Mul', [output, graph.node('Tanh', [cell])]);
  }
  return held;
}

function addPicture(graph: GraphBuilder, { weights }: TrainedModel, image: string): string {
  const scaled = graph.node('Mul', [
    toFloats(graph, image),
    graph.constant(Float32Array.of(pixelScale), []),
  ]);
  let x = graph.node('Sub', [scaled, graph.constant(Float32Array.of(1), [])]);
  channels.forEach((_, i) => {
    const { kernel, bias, from, to } = foldedConvolution(weights, `conv${i}`);
    const matrix = graph.constant(kernel, [3, 3, from, to]);
    const y = convolve(graph, 'Conv2D', x, { kernel: matrix, stride: 2 });
    x = graph.node('Relu', [graph.node('AddV2', [y, graph.constant(bias, [to])])]);
  });
  return graph.node('Mul', [globalAverages(graph, x), 'image_present']);
}

function affine(graph: GraphBuilder, x: string, kernel: string, bias: string): string {
  return graph.node('AddV2', [matMul(graph, x, kernel), bias]);
}

function pair(graph: GraphBuilder, first: number, second: number): string {
  return graph.constant(Int32Array.of(first, second), [2]);
}
