import type { Tensor } from '@tensorflow/tfjs-node';
import { eachAnswer } from '../judge/answers.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { answerOf } from '../train/answer.ts';
import type { ReferenceInput, ReferenceOutput } from '../train/architecture.ts';
import { type Batch, pixelScale } from './batch.ts';
import type { TrainedModel } from './fitted-model.ts';
import { forward, normaliseBy } from './network.ts';

/** Computes what the model answers in TensorFlow, with the code it was trained with: what the exported files must repeat. */
export function reference(
  tf: TensorFlow,
  model: TrainedModel,
  inputs: readonly ReferenceInput[],
): ReferenceOutput[] {
  const network: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(model.weights))
    network[name] = tf.tensor(data, [...shape]);
  const outputs: ReferenceOutput[] = [];
  tf.tidy(() => {
    for (const input of inputs) {
      const logits = forward(tf, network, batchOf(input, model), normaliseBy(tf, network));
      const said = eachAnswer((name) => logits[name].dataSync<'float32'>());
      outputs.push(answerOf(said, model, input));
    }
  });
  tf.dispose(network);
  return outputs;
}

function batchOf({ text, pixels }: ReferenceInput, model: TrainedModel): Batch {
  return {
    size: 1,
    words: model.text.maximumTokens,
    ids: text.ids,
    weights: text.weights,
    pixels: Float32Array.from(pixels ?? [], (byte) => byte * pixelScale - 1),
    pictureOf: Int32Array.of(0),
    pictures: pixels ? 1 : 0,
    side: model.imageSize,
    labels: Int32Array.of(0),
    hasText: Float32Array.of(text.present ? 1 : 0),
    hasPicture: Float32Array.of(pixels ? 1 : 0),
  };
}
