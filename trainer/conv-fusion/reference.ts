import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import { createExtractor } from '../backbone/network.ts';
import { eachAnswer } from '../judge/answers.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { answerOf } from '../train/answer.ts';
import type { ReferenceInput, ReferenceOutput } from '../train/architecture.ts';
import { applyHead } from './head.ts';
import { normalisePictures } from './normalise.ts';
import type { TrainedModel } from './trained-model.ts';

/** Computes what the model answers in TensorFlow, with the code it was trained with: what the exported files must repeat. */
export function reference(
  tf: TensorFlow,
  model: TrainedModel,
  inputs: readonly ReferenceInput[],
): ReferenceOutput[] {
  const extractor = createExtractor(tf, model.backbone);
  try {
    return inputs.map((input) => answer(tf, model, extractor.extract, input));
  } finally {
    extractor.dispose();
  }
}

function answer(
  tf: TensorFlow,
  model: TrainedModel,
  extract: (pictures: Tensor4D) => Tensor2D,
  { text, pixels }: ReferenceInput,
): ReferenceOutput {
  const { imageSize, head } = model;
  const { classes } = head;
  const margins = tf.tidy(() => {
    const bytes = new Int32Array(imageSize * imageSize * 3);
    if (pixels) bytes.set(pixels);
    const raw = extract(tf.tensor4d(bytes, [1, imageSize, imageSize, 3], 'int32'));
    const tokens = text.ids.length;
    const width = 2 * classes;
    const outputs = applyHead(
      tf,
      {
        embedding: tf.tensor2d(head.embedding, [head.embedding.length / width, width]),
        kernel: tf.tensor2d(head.kernel, [head.kernel.length / width, width]),
        bias: tf.tensor1d(head.bias),
      },
      {
        ids: tf.tensor2d(text.ids, [1, tokens], 'int32'),
        weights: tf.tensor2d(text.weights, [1, tokens]),
        picture: normalisePictures(tf, raw, model.scale),
      },
    );
    return eachAnswer((name) => outputs[name].dataSync<'float32'>());
  });
  return answerOf(margins, model, { text, pixels });
}
