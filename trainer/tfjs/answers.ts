import type { Temperatures } from '../judge/calibration.ts';
import type { GraphBuilder } from './graph.ts';

/** Names of what the three classifiers say, each [n, classes], before the softmax, and of the flags that say what a product has. */
export interface Said {
  readonly fused: string;
  readonly text: string;
  readonly picture: string;
  readonly hasText: string;
  readonly hasPicture: string;
}

/** Names of the contract's outputs. */
export const outputNames = ['probabilities', 'text_probabilities', 'image_probabilities'];

/** From what the classifiers say to the contract's outputs: calibrated, and of the classifier for what a product has. */
export function addAnswers(graph: GraphBuilder, said: Said, temperatures: Temperatures): void {
  const probabilities = (which: 'fused' | 'text' | 'picture', name?: string) => {
    const by = graph.constant(Float32Array.of(1 / temperatures[which]), []);
    return graph.node('Softmax', [graph.node('Mul', [said[which], by])], {}, name);
  };
  const text = probabilities('text', 'text_probabilities');
  const picture = probabilities('picture', 'image_probabilities');
  const withPicture = mix(graph, said.hasText, probabilities('fused'), picture);
  mix(graph, said.hasPicture, withPicture, text, 'probabilities');
}

function mix(graph: GraphBuilder, flag: string, yes: string, no: string, name?: string): string {
  const one = graph.constant(Float32Array.of(1), []);
  const otherwise = graph.node('Sub', [one, flag]);
  const parts = [graph.node('Mul', [flag, yes]), graph.node('Mul', [otherwise, no])];
  return graph.node('AddV2', parts, {}, name);
}
