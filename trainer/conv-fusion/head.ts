import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { AnswerName } from '../judge/answers.ts';
import type { TensorFlow } from '../native/tensorflow.ts';

/**
 * The classifier behind the features: three linear classifiers that share their inputs. `fused` knows
 * text and picture, `text` and `picture` know one each and answer where the other is missing.
 * The two that read a feature stand side by side in one matrix, so that it is read once.
 */
export interface HeadWeights {
  readonly classes: number;
  /** [2 × buckets + 1, 2 × classes]: fused beside text; the last row, of the padding, is 0. */
  readonly embedding: Float32Array;
  /** [numbers of a text's vector, 2 × classes]: fused beside text; without an encoder undefined. */
  readonly sentences?: Float32Array | undefined;
  /** [picture features, 2 × classes]: fused beside picture. */
  readonly kernel: Float32Array;
  /** [3 × classes]: fused, text, picture. */
  readonly bias: Float32Array;
}

/** The head's weights as tensors; `embedding` may have rows for seen buckets only. */
export interface HeadTensors {
  readonly embedding: Tensor2D;
  readonly sentences?: Tensor2D | undefined;
  readonly kernel: Tensor2D;
  readonly bias: Tensor1D;
}

export interface HeadInputs {
  /** int32 [n, tokens]: rows of `embedding`. */
  readonly ids: Tensor2D;
  /** float32 [n, tokens], 0 at the padding. */
  readonly weights: Tensor2D;
  /** float32 [n, numbers of a text's vector], normalised; 0 where there is no text. */
  readonly sentences?: Tensor2D | undefined;
  /** float32 [n, picture features], normalised; 0 where there is no picture. */
  readonly picture: Tensor2D;
}

/** Margins of the three classifiers, each float32 [n, classes]. */
export type HeadOutputs = Readonly<Record<AnswerName, Tensor2D>>;

/** Computes the margins; call it inside tf.tidy. */
export function applyHead(tf: TensorFlow, head: HeadTensors, inputs: HeadInputs): HeadOutputs {
  const [n, tokens] = inputs.ids.shape;
  const width = head.kernel.shape[1];
  const classes = width / 2;
  // [n, 1, tokens] × [n, tokens, 2 classes] → [n, 2 classes]
  const rows = tf.gather(head.embedding, inputs.ids.flatten()).reshape([n, tokens, width]);
  const byTokens = tf.matMul(inputs.weights.reshape([n, 1, tokens]), rows).reshape([n, width]);
  const byText =
    inputs.sentences && head.sentences
      ? byTokens.add(tf.matMul(inputs.sentences, head.sentences))
      : byTokens;
  const byPicture = tf.matMul(inputs.picture, head.kernel);
  const half = (matrix: typeof byPicture, from: number) =>
    matrix.slice([0, from], [-1, classes]) as Tensor2D;
  const [fused, text, picture] = tf.split(head.bias, 3) as [Tensor1D, Tensor1D, Tensor1D];
  return {
    fused: half(byText as Tensor2D, 0)
      .add(half(byPicture, 0))
      .add(fused),
    text: half(byText as Tensor2D, classes).add(text),
    picture: half(byPicture, classes).add(picture),
  };
}
