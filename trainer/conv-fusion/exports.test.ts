import { expect } from 'chai';
import type { Backbone, Convolution } from '../backbone/layers.ts';
import { quantise } from '../backbone/quantise.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { InferenceSession } from '../onnx/onnxruntime.fixture.ts';
import type { SentenceEncoder } from '../sentences/encoder.ts';
import { tinyEncoder } from '../sentences/tiny-encoder.fixture.ts';
import {
  expectAnswers,
  exportCases,
  inputsOf,
  onnxFeeds,
  tfjsAnswers,
} from '../train/exported.fixture.ts';
import { toOnnx } from './onnx.ts';
import { reference } from './reference.ts';
import { toTfjs } from './tfjs.ts';
import { tinyBackbone, tinyModel } from './tiny-model.fixture.ts';

const tf = loadTensorFlow('cpu');

/** Sides that make TensorFlow's 'same' padding even, odd, and lopsided. */
const models: [string, number, Backbone, SentenceEncoder?][] = [
  ['of 32 pixels', 32, tinyBackbone()],
  ['of 30 pixels', 30, tinyBackbone()],
  ['of 25 pixels', 25, tinyBackbone()],
  ['of 32 pixels, in bytes', 32, inBytes(tinyBackbone())],
  ['of 25 pixels, in bytes', 25, inBytes(tinyBackbone())],
  ['of 32 pixels, with an encoder of texts', 32, tinyBackbone(), tinyEncoder()],
];
for (const [what, imageSize, backbone, encoder] of models) {
  describe(`a model for pictures ${what}`, () => {
    const classes = ['a', 'b', 'c', 'd', 'e'];
    const model = tinyModel({ classes, imageSize, buckets: 256 }, backbone, encoder);
    const cases = exportCases(imageSize, model.text);
    const names = Object.keys(cases);
    const expected = reference(tf, model, Object.values(cases));
    const { maximumTokens } = model.text;
    const inputs = inputsOf(Object.values(cases), imageSize, maximumTokens);

    it('gives probabilities', () => {
      for (const { probabilities, text: byText, picture: byPicture } of expected)
        for (const row of [probabilities, byText, byPicture])
          expect(row.reduce((sum, value) => sum + value, 0)).to.be.closeTo(1, 1e-5);
    });

    describe('as ONNX', () => {
      // The backbone does not run for those without picture, so what their picture alone says means nothing.
      const answered = expected.map((each, i) =>
        Object.values(cases)[i]?.pixels ? each : { ...each, picture: [] },
      );
      let session: InferenceSession;
      before(async () => {
        session = await InferenceSession.create(toOnnx(model));
      });
      after(() => session.release());

      it('answers as TensorFlow does, eight at a time', async () => {
        const answers = await session.run(onnxFeeds(inputs));
        expectAnswers(names, answered, (name) => answers[name]?.data as Float32Array);
      });

      names.forEach((name, i) => {
        it(`answers as TensorFlow does, one at a time: ${name}`, async () => {
          const alone = inputsOf(Object.values(cases).slice(i, i + 1), imageSize, maximumTokens);
          const answers = await session.run(onnxFeeds(alone));
          expectAnswers(
            [name],
            answered.slice(i, i + 1),
            (key) => answers[key]?.data as Float32Array,
          );
        });
      });
    });

    it('answers the same as a tfjs graph model', async () => {
      expectAnswers(names, expected, await tfjsAnswers(tf, toTfjs(model), inputs));
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
