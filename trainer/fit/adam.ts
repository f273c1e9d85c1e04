import type { Tensor } from '@tensorflow/tfjs-node';
import { kernelsOf } from '../native/kernels.ts';
import type { TensorFlow } from '../native/tensorflow.ts';

const firstDecay = 0.9;
const secondDecay = 0.999;
const epsilon = 1e-7;

/** One array of parameters with what Adam remembers about it. Source: Kingma and Ba, arXiv:1412.6980. */
export interface Parameter {
  value: Tensor;
  mean: Tensor;
  variance: Tensor;
}

/** A parameter of zeros, or one that begins with `value`. */
export function createParameter(tf: TensorFlow, shape: number[], value?: Tensor): Parameter {
  return { value: value ?? tf.zeros(shape), mean: tf.zeros(shape), variance: tf.zeros(shape) };
}

/**
 * Moves a parameter against its gradient. `step` counts from 1. One kernel over the parameter's own memory: as single
 * operations of tfjs it is twelve passes with a new array each, and was half of a step on 65,536 buckets.
 */
export function adamStep(
  tf: TensorFlow,
  parameter: Parameter,
  gradient: Tensor,
  { step, learningRate }: { step: number; learningRate: number },
): void {
  const rate = (learningRate * Math.sqrt(1 - secondDecay ** step)) / (1 - firstDecay ** step);
  const { variable, release, run, type, flag } = kernelsOf(tf);
  const { value, mean, variance } = parameter;
  const handles = [
    variable('adam-value', value),
    variable('adam-mean', mean),
    variable('adam-variance', variance),
  ];
  // The kernel works in place only on what nobody else holds; it would copy first.
  tf.dispose([value, mean, variance]);
  // With powers of 0 the kernel leaves the rate as it is: its own correction is one of float32.
  const numbers = [0, 0, rate, firstDecay, secondDecay, epsilon].map((number) => tf.scalar(number));
  const attributes = [type('T'), flag('use_locking', false), flag('use_nesterov', false)];
  run('ResourceApplyAdam', attributes, [...handles, ...numbers, gradient], 0);
  tf.dispose(numbers);
  const [nextValue, nextMean, nextVariance] = handles.map(release) as [Tensor, Tensor, Tensor];
  Object.assign(parameter, { value: nextValue, mean: nextMean, variance: nextVariance });
}

/** The learning rate's way from its start to 0: half a cosine. Source: Loshchilov and Hutter, arXiv:1608.03983. */
export function cosine(learningRate: number, step: number, steps: number): number {
  return 0.5 * learningRate * (1 + Math.cos((Math.PI * step) / steps));
}
