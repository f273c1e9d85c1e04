import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import type { AnswerName } from '../judge/answers.ts';
import type { TensorFlow } from '../native/tensorflow.ts';

/**
 * What the classifier says that answers for each product, [n, classes]: fused where it has both, else the one for what
 * it has. Call it inside tf.tidy.
 *
 * @param said each [n, classes]
 * @param hasText [n, 1], 1 or 0; `hasPicture` likewise
 */
export function served(
  tf: TensorFlow,
  said: Readonly<Record<AnswerName, Tensor2D>>,
  hasText: Tensor2D,
  hasPicture: Tensor2D,
): Tensor {
  const withPicture = hasText.mul(said.fused).add(tf.sub(1, hasText).mul(said.picture));
  return hasPicture.mul(withPicture).add(tf.sub(1, hasPicture).mul(said.text));
}
