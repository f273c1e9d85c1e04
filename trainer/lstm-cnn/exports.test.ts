import { expect } from 'chai';
import { createRandom } from '../fit/random.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { InferenceSession } from '../onnx/onnxruntime.fixture.ts';
import {
  expectAnswers,
  exportCases,
  inputsOf,
  onnxFeeds,
  tfjsAnswers,
} from '../train/exported.fixture.ts';
import type { TrainedModel } from './fitted-model.ts';
import { initialWeights, shapesOf, type Weight } from './network.ts';
import { toOnnx } from './onnx.ts';
import { reference } from './reference.ts';
import { channels, settings } from './settings.ts';
import { toTfjs } from './tfjs.ts';

const tf = loadTensorFlow('cpu');

/** A network with random numbers in every part, its moving averages, too. */
function randomModel(imageSize: number): TrainedModel {
  const random = createRandom(9);
  const classes = ['a', 'b', 'c', 'd', 'e'];
  const small = { ...settings({}, 100), buckets: 256, embedding: 8, units: 12, joint: 10 };
  const weights: Record<string, Weight> = {};
  const shapes = shapesOf(small, small.buckets + 1, classes.length);
  for (const [name, { shape, data }] of Object.entries(initialWeights(shapes, 1)))
    weights[name] = { shape, data: data.map((value) => value * 1.2 + (random() - 0.5) / 5) };
  channels.forEach((width, i) => {
    const numbers = (from: number) => Float32Array.from({ length: width }, () => from + random());
    weights[`conv${i}/mean`] = { shape: [width], data: numbers(-0.5) };
    weights[`conv${i}/variance`] = { shape: [width], data: numbers(0.5) };
  });
  const text = { kind: 'sequence', buckets: small.buckets, maximumTokens: 7 } as const;
  const temperatures = { fused: 0.8, text: 1.1, picture: 1.5 };
  return { text, weights, imageSize, classes, temperatures };
}

/** Sides that make TensorFlow's 'same' padding even, odd, and lopsided. */
for (const imageSize of [32, 30, 25])
  describe(`an lstm-cnn for pictures of ${imageSize} pixels`, () => {
    const model = randomModel(imageSize);
    const cases = exportCases(imageSize, model.text);
    const names = Object.keys(cases);
    const expected = reference(tf, model, Object.values(cases));
    const inputs = inputsOf(Object.values(cases), imageSize, model.text.maximumTokens);

    it('says different things of different products', () => {
      const rows = new Set(expected.map(({ probabilities }) => probabilities[0]?.toFixed(4)));
      expect(rows.size).to.be.above(names.length - 2);
    });

    it('answers in onnxruntime as in TensorFlow', async () => {
      const session = await InferenceSession.create(toOnnx(model));
      const answers = await session.run(onnxFeeds(inputs));
      expectAnswers(names, expected, (name) => answers[name]?.data as Float32Array);
      await session.release();
    });

    it('answers as a tfjs graph model as in TensorFlow', async () => {
      expectAnswers(names, expected, await tfjsAnswers(tf, toTfjs(model), inputs));
    });
  });
