import type { AnswerName } from '../judge/answers.ts';
import type { Temperatures } from '../judge/calibration.ts';
import type { GraphBuilder } from './graph.ts';

/** Names of what the three classifiers say, each [n, classes], before the softmax. */
export type Said = Readonly<Record<AnswerName, string>>;

/** The contract's inputs, and the names of those that a model reads; what a product has, `addAnswers` reads. */
export function addInputs(graph: GraphBuilder, tokens: number, side: number) {
  const inputs = {
    ids: graph.input('text_ids', 'int32', [-1, tokens]),
    weights: graph.input('text_weights', 'float32', [-1, tokens]),
    image: graph.input('image', 'int32', [-1, side, side, 3]),
  };
  graph.input('image_present', 'float32', [-1, 1]);
  graph.input('text_present', 'float32', [-1, 1]);
  return inputs;
}

/** From what the classifiers say to the contract's outputs: calibrated, and of the classifier for what a product has. */
export function addAnswers(graph: GraphBuilder, said: Said, temperatures: Temperatures): void {
  const probabilities = (which: AnswerName, name?: string) => {
    const by = graph.constant(Float32Array.of(1 / temperatures[which]), []);
    return graph.node('Softmax', [graph.node('Mul', [said[which], by])], {}, name);
  };
  const text = probabilities('text', 'text_probabilities');
  const picture = probabilities('picture', 'image_probabilities');
  const withPicture = mix(graph, 'text_present', probabilities('fused'), picture);
  mix(graph, 'image_present', withPicture, text, 'probabilities');
}

function mix(graph: GraphBuilder, flag: string, yes: string, no: string, name?: string): string {
  const one = graph.constant(Float32Array.of(1), []);
  const otherwise = graph.node('Sub', [one, flag]);
  const parts = [graph.node('Mul', [flag, yes]), graph.node('Mul', [otherwise, no])];
  return graph.node('AddV2', parts, {}, name);
}
