import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textFeatures } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { createRandom } from '../fit/random.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { InferenceSession, Tensor } from '../onnx/onnxruntime.fixture.ts';
import { outputNames } from '../tfjs/answers.ts';
import type { ReferenceInput } from '../train/architecture.ts';
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
    const random = createRandom(3);
    const picture = () =>
      Uint8Array.from({ length: imageSize * imageSize * 3 }, () => random() * 256);
    const text = (words: string) => textFeatures(words, null, model.text);
    const cases: Record<string, ReferenceInput> = {
      'text and picture': { text: text('red shoe of leather'), pixels: picture() },
      'text only': { text: text('blue tea cup'), pixels: null },
      'picture only': { text: text(''), pixels: picture() },
      nothing: { text: text(''), pixels: null },
      'a long text': { text: text('one two three four five six seven eight'), pixels: picture() },
      'a white picture': { text: text('cup'), pixels: picture().fill(255) },
      'a black picture': { text: text(''), pixels: picture().fill(0) },
    };
    const names = Object.keys(cases);
    const expected = reference(tf, model, Object.values(cases));
    const n = names.length;
    const { maximumTokens } = model.text;
    const ids = new Int32Array(n * maximumTokens);
    const weights = new Float32Array(n * maximumTokens);
    const image = new Uint8Array(n * imageSize * imageSize * 3);
    const flags = { image: new Float32Array(n), text: new Float32Array(n) };
    Object.values(cases).forEach((each, i) => {
      ids.set(each.text.ids, i * maximumTokens);
      weights.set(each.text.weights, i * maximumTokens);
      if (each.pixels) image.set(each.pixels, i * each.pixels.length);
      flags.image[i] = each.pixels ? 1 : 0;
      flags.text[i] = each.text.present ? 1 : 0;
    });
    const compare = (read: (name: string) => Float32Array) => {
      (['probabilities', 'text', 'picture'] as const).forEach((key, which) => {
        const values = read(outputNames[which] as string);
        expected.forEach((answers, row) => {
          answers[key].forEach((value, i) => {
            const got = values[row * answers[key].length + i];
            expect(got, `${key} of class ${i}, ${names[row]}`).to.be.closeTo(value, 1e-5);
          });
        });
      });
    };

    it('says different things of different products', () => {
      const rows = new Set(expected.map(({ probabilities }) => probabilities[0]?.toFixed(4)));
      expect(rows.size).to.be.above(n - 2);
    });

    it('answers in onnxruntime as in TensorFlow', async () => {
      const session = await InferenceSession.create(toOnnx(model));
      const answers = await session.run({
        text_ids: new Tensor('int32', ids, [n, maximumTokens]),
        text_weights: new Tensor('float32', weights, [n, maximumTokens]),
        image: new Tensor('uint8', image, [n, imageSize, imageSize, 3]),
        image_present: new Tensor('float32', flags.image, [n, 1]),
        text_present: new Tensor('float32', flags.text, [n, 1]),
      });
      compare((name) => answers[name]?.data as Float32Array);
      await session.release();
    });

    it('answers as a tfjs graph model as in TensorFlow', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tfjs-model-'));
      const files = toTfjs(model);
      await writeFile(join(folder, 'model.json'), JSON.stringify(files.model));
      await writeFile(join(folder, 'weights.bin'), files.weights);
      const graph = await tf.loadGraphModel(`file://${folder}/model.json`);
      const outputs = graph.execute(
        {
          text_ids: tf.tensor(ids, [n, maximumTokens], 'int32'),
          text_weights: tf.tensor(weights, [n, maximumTokens]),
          image: tf.tensor(Int32Array.from(image), [n, imageSize, imageSize, 3], 'int32'),
          image_present: tf.tensor(flags.image, [n, 1]),
          text_present: tf.tensor(flags.text, [n, 1]),
        },
        outputNames,
      ) as ReturnType<typeof tf.tensor>[];
      compare((name) => outputs[outputNames.indexOf(name)]?.dataSync() as Float32Array);
      await rm(folder, { recursive: true });
    });
  });
