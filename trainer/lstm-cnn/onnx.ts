import { addAnswers, inputPorts, outputPorts } from '../onnx/answers.ts';
import { createGraph, type GraphBuilder } from '../onnx/graph.ts';
import { pixelScale } from './batch.ts';
import type { TrainedModel } from './fitted-model.ts';
import { convolutionOf, dense, gateRows, weightOf } from './layouts.ts';
import { channels } from './settings.ts';

/** The whole model as one ONNX file; batch norms are folded into the convolutions before them. */
export function toOnnx(model: TrainedModel): Uint8Array {
  const graph = createGraph('shelfwise');
  const text = addText(graph, model);
  const picture = addPicture(graph, model);
  const layer = (x: string, name: string) => {
    const { kernel, bias, from, to } = dense(model.weights, name);
    const product = graph.node('MatMul', [x, graph.constant(kernel, [from, to])]);
    return graph.node('Add', [product, graph.constant(bias, [to])]);
  };
  const joint = graph.node('Concat', [text, picture], { axis: 1 });
  const said = {
    fused: layer(graph.node('Relu', [layer(joint, 'joint')]), 'fused'),
    text: layer(text, 'text'),
    picture: layer(picture, 'picture'),
  };
  addAnswers(graph, said, model.temperatures);
  return graph.finish(
    inputPorts(model.text.maximumTokens, model.imageSize),
    outputPorts(model.classes.length),
  );
}

function addText(graph: GraphBuilder, { weights }: TrainedModel): string {
  const { shape, data } = weightOf(weights, 'embedding');
  const rows = graph.node('Gather', [graph.constant(data, shape), 'text_ids'], { axis: 0 });
  const last = graph.constant(BigInt64Array.of(2n), [1]);
  const known = graph.node('Mul', [rows, graph.node('Unsqueeze', ['text_weights', last])]);
  // [n, words, width] → [words, n, width]
  const words = graph.node('Transpose', [known], { perm: [1, 0, 2] });
  const { input, recurrent, bias, width, units } = gateRows(weights);
  // Only what is held after the last word: [1, n, units].
  const [, held] = graph.nodes(
    'LSTM',
    [
      words,
      graph.constant(input, [1, 4 * units, width]),
      graph.constant(recurrent, [1, 4 * units, units]),
      graph.constant(bias, [1, 8 * units]),
    ],
    2,
    { hidden_size: units },
  );
  return graph.node('Squeeze', [held as string, graph.constant(BigInt64Array.of(0n), [1])]);
}

function addPicture(graph: GraphBuilder, { weights }: TrainedModel): string {
  const planes = graph.node('Transpose', [graph.node('Cast', ['image'], { to: 1 })], {
    perm: [0, 3, 1, 2],
  });
  const scaled = graph.node('Mul', [planes, graph.constant(Float32Array.of(pixelScale), [])]);
  let x = graph.node('Sub', [scaled, graph.constant(Float32Array.of(1), [])]);
  channels.forEach((_, i) => {
    const { kernel, bias, from, to } = convolutionOf(weights, `conv${i}`);
    const y = graph.node(
      'Conv',
      [x, graph.constant(kernel, [to, from, 3, 3]), graph.constant(bias, [to])],
      // TensorFlow's 'same': where the padding is odd, the larger half is at the bottom and on the right.
      { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
    );
    x = graph.node('Relu', [y]);
  });
  const averages = graph.node('Flatten', [graph.node('GlobalAveragePool', [x])], { axis: 1 });
  return graph.node('Mul', [averages, 'image_present']);
}
