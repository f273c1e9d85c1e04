import { type AnswerName, eachAnswer } from '../judge/answers.ts';
import type { Temperatures } from '../judge/calibration.ts';
import type { GraphBuilder, Port } from './graph.ts';

/** Names of what the three classifiers say, each [n, classes], before the softmax. */
export type Said = Readonly<Record<AnswerName, string>>;

/** From what the classifiers say to the three outputs of the contract: calibrated, and of the classifier for what a product has. */
export function addAnswers(graph: GraphBuilder, said: Said, temperatures: Temperatures): void {
  const { fused, text, picture } = eachAnswer((name) => {
    const by = graph.constant(Float32Array.of(1 / temperatures[name]), []);
    return graph.node('Softmax', [graph.node('Mul', [said[name], by])], { axis: 1 });
  });
  const withPicture = mix(graph, 'text_present', fused, picture);
  graph.output(mix(graph, 'image_present', withPicture, text), 'probabilities');
  graph.output(text, 'text_probabilities');
  graph.output(picture, 'image_probabilities');
}

/** `yes` where the flag is 1, `no` where it is 0: exact, for both are finite. */
function mix(graph: GraphBuilder, flag: string, yes: string, no: string): string {
  const one = graph.constant(Float32Array.of(1), []);
  const otherwise = graph.node('Sub', [one, flag]);
  return graph.node('Add', [graph.node('Mul', [flag, yes]), graph.node('Mul', [otherwise, no])]);
}

/** The contract's inputs. */
export function inputPorts(tokens: number, side: number): Port[] {
  return [
    { name: 'text_ids', type: 'int32', shape: ['n', tokens] },
    { name: 'text_weights', type: 'float', shape: ['n', tokens] },
    { name: 'image', type: 'uint8', shape: ['n', side, side, 3] },
    { name: 'image_present', type: 'float', shape: ['n', 1] },
    { name: 'text_present', type: 'float', shape: ['n', 1] },
  ];
}

/** Names of the contract's outputs. */
export const outputNames = ['probabilities', 'text_probabilities', 'image_probabilities'];

/** The contract's outputs. */
export function outputPorts(classes: number): Port[] {
  return outputNames.map((name) => ({ name, type: 'float', shape: ['n', classes] }));
}
