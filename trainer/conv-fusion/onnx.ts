import { addBackbone } from '../onnx/backbone.ts';
import { createGraph, type GraphBuilder } from '../onnx/graph.ts';
import { smallestNorm, tapWeight } from './normalise.ts';
import type { TrainedModel } from './trained-model.ts';

/**
 * The whole model as one ONNX file: bytes of pictures and ids of tokens in, calibrated probabilities out.
 *
 * Inputs: text_ids int32 [n, tokens] (padding: 2 × buckets), text_weights float32 [n, tokens],
 * image uint8 [n, size, size, 3] (RGB), image_present and text_present float32 [n, 1] (1 or 0).
 * Outputs: probabilities, text_probabilities, image_probabilities, each float32 [n, classes].
 */
export function toOnnx(model: TrainedModel): Uint8Array {
  const graph = createGraph('shelfwise');
  const { classes } = model.head;
  const features = addBackbone(graph, model.backbone, 'image', model.imageSize);
  const picture = normalise(graph, features, model);
  const width = 2 * classes;
  const embedding = graph.constant(model.head.embedding, [
    model.head.embedding.length / width,
    width,
  ]);
  const kernel = graph.constant(model.head.kernel, [model.head.kernel.length / width, width]);

  // [n, 1, tokens] × [n, tokens, 2 classes] → [n, 2 classes]
  const rows = graph.node('Gather', [embedding, 'text_ids'], { axis: 0 });
  const second = graph.constant(BigInt64Array.of(1n), [1]);
  const weights = graph.node('Unsqueeze', ['text_weights', second]);
  const byText = graph.node('Squeeze', [graph.node('MatMul', [weights, rows]), second]);
  const byPicture = graph.node('MatMul', [picture, kernel]);
  const halves = graph.constant(BigInt64Array.of(BigInt(classes), BigInt(classes)), [2]);
  const [fusedText, text] = graph.nodes('Split', [byText, halves], 2, { axis: 1 });
  const [fusedPicture, alone] = graph.nodes('Split', [byPicture, halves], 2, { axis: 1 });

  const probabilities = (margins: string, part: number, temperature: number) => {
    const bias = model.head.bias.slice(part * classes, (part + 1) * classes);
    const shifted = graph.node('Add', [margins, graph.constant(bias, [classes])]);
    const by = graph.constant(Float32Array.of(1 / temperature), []);
    return graph.node('Softmax', [graph.node('Mul', [shifted, by])], { axis: 1 });
  };
  const { temperatures } = model;
  const both = graph.node('Add', [fusedText as string, fusedPicture as string]);
  const byBoth = probabilities(both, 0, temperatures.fused);
  const byTextAlone = probabilities(text as string, 1, temperatures.text);
  const byPictureAlone = probabilities(alone as string, 2, temperatures.picture);
  const withPicture = mix(graph, 'text_present', byBoth, byPictureAlone);
  graph.output(mix(graph, 'image_present', withPicture, byTextAlone), 'probabilities');
  graph.output(byTextAlone, 'text_probabilities');
  graph.output(byPictureAlone, 'image_probabilities');

  const tokens = model.text.maximumTokens;
  const side = model.imageSize;
  const outputs = ['probabilities', 'text_probabilities', 'image_probabilities'];
  return graph.finish(
    [
      { name: 'text_ids', type: 'int32', shape: ['n', tokens] },
      { name: 'text_weights', type: 'float', shape: ['n', tokens] },
      { name: 'image', type: 'uint8', shape: ['n', side, side, 3] },
      { name: 'image_present', type: 'float', shape: ['n', 1] },
      { name: 'text_present', type: 'float', shape: ['n', 1] },
    ],
    outputs.map((name) => ({ name, type: 'float', shape: ['n', classes] })),
  );
}

/** `yes` where the flag is 1, `no` where it is 0: exact, for both are finite. */
function mix(graph: GraphBuilder, flag: string, yes: string, no: string): string {
  const one = graph.constant(Float32Array.of(1), []);
  const otherwise = graph.node('Sub', [one, flag]);
  return graph.node('Add', [graph.node('Mul', [flag, yes]), graph.node('Mul', [otherwise, no])]);
}

/** The same steps as normalisePictures, block by block. */
function normalise(graph: GraphBuilder, features: string[], { scale }: TrainedModel): string {
  let from = 0;
  const blocks = features.map((feature, index) => {
    const to = from + (scale.widths[index] as number);
    const mean = graph.constant(scale.mean.slice(from, to), [to - from]);
    const factor = graph.constant(scale.factor.slice(from, to), [to - from]);
    from = to;
    const standard = graph.node('Mul', [graph.node('Sub', [feature, mean]), factor]);
    return toLength(graph, standard, index === 0 ? 1 : tapWeight);
  });
  return toLength(graph, graph.node('Concat', blocks, { axis: 1 }), scale.length);
}

function toLength(graph: GraphBuilder, rows: string, length: number): string {
  const norm = graph.node('ReduceL2', [rows], { axes: [1], keepdims: 1 });
  const floor = graph.constant(Float32Array.of(smallestNorm), []);
  const unit = graph.node('Div', [rows, graph.node('Max', [norm, floor])]);
  if (length === 1) return unit;
  return graph.node('Mul', [unit, graph.constant(Float32Array.of(length), [])]);
}
