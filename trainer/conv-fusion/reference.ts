import type { TextFeatures } from '@shelfwise/trainer-contract';
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import { createExtractor } from '../backbone/network.ts';
import { eachAnswer } from '../judge/answers.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { createReader } from '../sentences/network.ts';
import { answerOf } from '../train/answer.ts';
import type { ReferenceInput, ReferenceOutput } from '../train/architecture.ts';
import { applyHead } from './head.ts';
import { normaliseFeatures } from './normalise.ts';
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
    const pieces = model.text.sentences?.length ?? 0;
    const tokens = text.ids.length - pieces;
    const width = 2 * classes;
    const outputs = applyHead(
      tf,
      {
        embedding: tf.tensor2d(head.embedding, [head.embedding.length / width, width]),
        kernel: tf.tensor2d(head.kernel, [head.kernel.length / width, width]),
        bias: tf.tensor1d(head.bias),
        sentences:
          head.sentences && tf.tensor2d(head.sentences, [head.sentences.length / width, width]),
      },
      {
        ids: tf.tensor2d(text.ids.subarray(0, tokens), [1, tokens], 'int32'),
        weights: tf.tensor2d(text.weights.subarray(0, tokens), [1, tokens]),
        sentences: sentencesOf(tf, model, text),
        picture: normaliseFeatures(tf, raw, model.scale),
      },
    );
    return eachAnswer((name) => outputs[name].dataSync<'float32'>());
  });
  return answerOf(margins, model, { text, pixels });
}

/** The text's vector, normalised: float32 [1, width]; 0 where the text has no piece. */
function sentencesOf(
  tf: TensorFlow,
  { sentences, text }: TrainedModel,
  { ids, weights }: TextFeatures,
): Tensor2D | undefined {
  if (!sentences || !text.sentences) return undefined;
  const { length } = text.sentences;
  const present = weights.slice(-length);
  const raw = createReader(tf, sentences.encoder).read(ids.slice(-length), present, length);
  return normaliseFeatures(tf, raw, sentences.scale).mul(present[0] as number);
}
