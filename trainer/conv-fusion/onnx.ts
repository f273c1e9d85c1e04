import { addAnswers, inputPorts, outputPorts } from '../onnx/answers.ts';
import { addBackbone } from '../onnx/backbone.ts';
import { createGraph, type GraphBuilder } from '../onnx/graph.ts';
import { blocksOf, smallestNorm } from './normalise.ts';
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

  const biased = (margins: string, part: number) => {
    const bias = model.head.bias.slice(part * classes, (part + 1) * classes);
    return graph.node('Add', [margins, graph.constant(bias, [classes])]);
  };
  const both = graph.node('Add', [fusedText as string, fusedPicture as string]);
  const said = {
    fused: biased(both, 0),
    text: biased(text as string, 1),
    picture: biased(alone as string, 2),
  };
  addAnswers(graph, said, model.temperatures);
  return graph.finish(inputPorts(model.text.maximumTokens, model.imageSize), outputPorts(classes));
}

/** The same steps as normalisePictures, block by block. */
function normalise(graph: GraphBuilder, features: string[], { scale }: TrainedModel): string {
  const blocks = blocksOf(scale).map((block, index) => {
    const mean = graph.constant(block.mean, [block.width]);
    const factor = graph.constant(block.factor, [block.width]);
    const centred = graph.node('Sub', [features[index] as string, mean]);
    return toLength(graph, graph.node('Mul', [centred, factor]), block.length);
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
