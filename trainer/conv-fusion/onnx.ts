import { addAnswers, inputPorts, outputPorts } from '../onnx/answers.ts';
import { addBackbone } from '../onnx/backbone.ts';
import { createGraph, type GraphBuilder } from '../onnx/graph.ts';
import { forPresentRows } from '../onnx/present-rows.ts';
import { addSentences } from '../onnx/sentences.ts';
import { blocksOf, type FeatureScale, smallestNorm } from './normalise.ts';
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
  const width = 2 * classes;
  const embedding = graph.constant(model.head.embedding, [
    model.head.embedding.length / width,
    width,
  ]);

  const { tokens, sentences } = columns(graph, model);
  // [n, 1, tokens] × [n, tokens, 2 classes] → [n, 2 classes]
  const rows = graph.node('Gather', [embedding, tokens.ids], { axis: 0 });
  const second = graph.constant(BigInt64Array.of(1n), [1]);
  const weights = graph.node('Unsqueeze', [tokens.weights, second]);
  const byTokens = graph.node('Squeeze', [graph.node('MatMul', [weights, rows]), second]);
  const byText = sentences
    ? graph.node('Add', [byTokens, bySentence(graph, model, sentences, width)])
    : byTokens;
  const byPicture = forPresentRows(
    graph,
    { flag: 'image_present', value: 'image', width },
    (inner, pictures) => {
      const features = addBackbone(inner, model.backbone, pictures, model.imageSize);
      const kernel = inner.constant(model.head.kernel, [model.head.kernel.length / width, width]);
      return inner.node('MatMul', [normalise(inner, features, model.scale), kernel]);
    },
  );
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

interface Pieces {
  readonly ids: string;
  readonly weights: string;
}

/** The inputs of the text: tokens of its n-grams, and behind them the pieces that the encoder reads. */
function columns(
  graph: GraphBuilder,
  { text: { maximumTokens, sentences } }: TrainedModel,
): { tokens: Pieces; sentences?: Pieces } {
  if (!sentences) return { tokens: { ids: 'text_ids', weights: 'text_weights' } };
  const { length } = sentences;
  const widths = graph.constant(
    BigInt64Array.of(BigInt(maximumTokens - length), BigInt(length)),
    [2],
  );
  const split = (input: string) =>
    graph.nodes('Split', [input, widths], 2, { axis: 1 }) as [string, string];
  const [ids, weights] = [split('text_ids'), split('text_weights')];
  return {
    tokens: { ids: ids[0], weights: weights[0] },
    sentences: { ids: ids[1], weights: weights[1] },
  };
}

/** What the text's vector says: [n, 2 classes]; 0 where the text has no piece. */
function bySentence(
  graph: GraphBuilder,
  { sentences, head }: TrainedModel,
  { ids, weights }: Pieces,
  width: number,
): string {
  if (!sentences || !head.sentences)
    throw new Error('The model has pieces and nothing that reads them.');
  const vectors = addSentences(graph, sentences.encoder, { ids, present: weights });
  const scaled = normalise(graph, [vectors], sentences.scale);
  const kernel = graph.constant(head.sentences, [head.sentences.length / width, width]);
  const any = graph.node('ReduceMax', [weights], { axes: [1], keepdims: 1 });
  return graph.node('Mul', [graph.node('MatMul', [scaled, kernel]), any]);
}

/** The same steps as normaliseFeatures, block by block. */
function normalise(graph: GraphBuilder, features: string[], scale: FeatureScale): string {
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
