import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { featuriseText } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import type { Backbone, Convolution } from '../backbone/layers.ts';
import { quantise } from '../backbone/quantise.ts';
import { createRandom } from '../fit/random.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { InferenceSession, Tensor } from '../onnx/onnxruntime.fixture.ts';
import type { ReferenceInput } from '../train/architecture.ts';
import { toOnnx } from './onnx.ts';
import { reference } from './reference.ts';
import { toTfjs } from './tfjs.ts';
import { tinyBackbone, tinyModel } from './tiny-model.fixture.ts';

const tf = loadTensorFlow('cpu');
const names = ['probabilities', 'text_probabilities', 'image_probabilities'] as const;

/** Sides that make TensorFlow's 'same' padding even, odd, and lopsided. */
const models: [string, number, Backbone][] = [
  ['of 32 pixels', 32, tinyBackbone()],
  ['of 30 pixels', 30, tinyBackbone()],
  ['of 25 pixels', 25, tinyBackbone()],
  ['of 32 pixels, in bytes', 32, inBytes(tinyBackbone())],
  ['of 25 pixels, in bytes', 25, inBytes(tinyBackbone())],
];
for (const [what, imageSize, backbone] of models) {
  describe(`a model for pictures ${what}`, () => {
    const classes = ['a', 'b', 'c', 'd', 'e'];
    const model = tinyModel({ classes, imageSize, buckets: 256 }, backbone);
    const random = createRandom(3);
    const picture = () =>
      Uint8Array.from({ length: imageSize * imageSize * 3 }, () => random() * 256);
    const text = (words: string) => featuriseText(words, null, model.text);
    const cases: Record<string, ReferenceInput> = {
      'text and picture': { text: text('red shoe of leather'), pixels: picture() },
      'text only': { text: text('blue tea cup'), pixels: null },
      'picture only': { text: text(''), pixels: picture() },
      nothing: { text: text(''), pixels: null },
      'a long text': { text: text('one two three four five six seven'), pixels: picture() },
      'a white picture': { text: text('cup'), pixels: picture().fill(255) },
      'a black picture': { text: text(''), pixels: picture().fill(0) },
      'another of both': { text: text('a green cup'), pixels: picture() },
    };
    const expected = reference(tf, model, Object.values(cases));
    const inputs = arrays(Object.values(cases), imageSize, model.text.maximumTokens);

    it('gives probabilities', () => {
      for (const { probabilities, text: byText, picture: byPicture } of expected)
        for (const row of [probabilities, byText, byPicture])
          expect(row.reduce((sum, value) => sum + value, 0)).to.be.closeTo(1, 1e-5);
    });

    describe('as ONNX', () => {
      let session: InferenceSession;
      before(async () => {
        session = await InferenceSession.create(toOnnx(model));
      });
      after(() => session.release());

      it('answers as TensorFlow does, eight at a time', async () => {
        const answers = await session.run(toOrt(inputs));
        compare(Object.keys(cases), expected, (name) => answers[name]?.data as Float32Array);
      });

      Object.keys(cases).forEach((name, i) => {
        it(`answers as TensorFlow does, one at a time: ${name}`, async () => {
          const alone = arrays(Object.values(cases).slice(i, i + 1), imageSize, 16);
          const answers = await session.run(toOrt(alone));
          compare([name], expected.slice(i, i + 1), (key) => answers[key]?.data as Float32Array);
        });
      });
    });

    it('answers the same as a tfjs graph model', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tfjs-model-'));
      const files = toTfjs(model);
      await writeFile(join(folder, 'model.json'), JSON.stringify(files.model));
      await writeFile(join(folder, 'weights.bin'), files.weights);
      const graph = await tf.loadGraphModel(`file://${folder}/model.json`);
      const { n, shapes } = inputs;
      const outputs = graph.execute(
        {
          text_ids: tf.tensor(inputs.text_ids, shapes.text, 'int32'),
          text_weights: tf.tensor(inputs.text_weights, shapes.text),
          image: tf.tensor(Int32Array.from(inputs.image), shapes.image, 'int32'),
          image_present: tf.tensor(inputs.image_present, [n, 1]),
          text_present: tf.tensor(inputs.text_present, [n, 1]),
        },
        [...names],
      ) as ReturnType<typeof tf.tensor>[];
      const values = outputs.map((output) => output.dataSync<'float32'>());
      compare(Object.keys(cases), expected, (name) => values[names.indexOf(name)]);
      await rm(folder, { recursive: true });
    });
  });
}

/** Random layers have no batch norms that could tell how large activations get. */
function inBytes({ name, stem, blocks, head }: Backbone): Backbone {
  const known = (layer: Convolution): Convolution => ({
    ...layer,
    statistics: { mean: layer.bias, deviation: new Float32Array(layer.output).fill(1) },
  });
  return quantise({
    name,
    stem: known(stem),
    blocks: blocks.map((block) => ({ ...block, layers: block.layers.map(known) })),
    head: known(head),
  });
}

function compare(
  cases: string[],
  expected: ReturnType<typeof reference>,
  read: (name: (typeof names)[number]) => Float32Array | undefined,
): void {
  const keys = ['probabilities', 'text', 'picture'] as const;
  names.forEach((name, which) => {
    const values = read(name) ?? new Float32Array();
    cases.forEach((label, row) => {
      const wanted = expected[row]?.[keys[which] ?? 'text'] ?? [];
      const got = values.subarray(row * wanted.length, (row + 1) * wanted.length);
      wanted.forEach((value, i) => {
        expect(got[i], `${name} of class ${i}, ${label}`).to.be.closeTo(value, 1e-5);
      });
    });
  });
}

function arrays(inputs: ReferenceInput[], side: number, tokens: number) {
  const n = inputs.length;
  const all = {
    n,
    shapes: { text: [n, tokens], image: [n, side, side, 3] },
    text_ids: new Int32Array(n * tokens),
    text_weights: new Float32Array(n * tokens),
    image: new Uint8Array(n * side * side * 3),
    image_present: new Float32Array(n),
    text_present: new Float32Array(n),
  };
  inputs.forEach(({ text, pixels }, i) => {
    all.text_ids.set(text.ids, i * tokens);
    all.text_weights.set(text.weights, i * tokens);
    if (pixels) all.image.set(pixels, i * side * side * 3);
    all.image_present[i] = pixels ? 1 : 0;
    all.text_present[i] = text.present ? 1 : 0;
  });
  return all;
}

function toOrt(inputs: ReturnType<typeof arrays>): Record<string, Tensor> {
  return {
    text_ids: new Tensor('int32', inputs.text_ids, inputs.shapes.text),
    text_weights: new Tensor('float32', inputs.text_weights, inputs.shapes.text),
    image: new Tensor('uint8', inputs.image, inputs.shapes.image),
    image_present: new Tensor('float32', inputs.image_present, [inputs.n, 1]),
    text_present: new Tensor('float32', inputs.text_present, [inputs.n, 1]),
  };
}
