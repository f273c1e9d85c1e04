import type { Tensor } from '@tensorflow/tfjs-node';
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

/** Moves a parameter against its gradient. `step` counts from 1. */
export function adamStep(
  tf: TensorFlow,
  parameter: Parameter,
  gradient: Tensor,
  { step, learningRate }: { step: number; learningRate: number },
): void {
  const rate = (learningRate * Math.sqrt(1 - secondDecay ** step)) / (1 - firstDecay ** step);
  const next = tf.tidy(() => {
    const mean = parameter.mean.mul(firstDecay).add(gradient.mul(1 - firstDecay));
    const variance = parameter.variance
      .mul(secondDecay)
      .add(gradient.square().mul(1 - secondDecay));
    const value = parameter.value.sub(mean.div(variance.sqrt().add(epsilon)).mul(rate));
    return { value, mean, variance };
  });
  tf.dispose([parameter.value, parameter.mean, parameter.variance]);
  Object.assign(parameter, next);
}

/** The learning rate's way from its start to 0: half a cosine. Source: Loshchilov and Hutter, arXiv:1608.03983. */
export function cosine(learningRate: number, step: number, steps: number): number {
  return 0.5 * learningRate * (1 + Math.cos((Math.PI * step) / steps));
}
