import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TextInput, textFeatures } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { createRandom } from '../fit/random.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { outputNames } from '../onnx/answers.ts';
import { Tensor } from '../onnx/onnxruntime.fixture.ts';
import type { ReferenceInput, ReferenceOutput } from './architecture.ts';

/** Products that an exported model must answer as TensorFlow does, by what is special about each. */
export function exportCases(
  imageSize: number,
  settings: TextInput,
): Record<string, ReferenceInput> {
  const random = createRandom(3);
  const picture = () =>
    Uint8Array.from({ length: imageSize * imageSize * 3 }, () => random() * 256);
  const text = (words: string) => textFeatures(words, null, settings);
  return {
    'text and picture': { text: text('red shoe of leather'), pixels: picture() },
    'text only': { text: text('blue tea cup'), pixels: null },
    'picture only': { text: text(''), pixels: picture() },
    nothing: { text: text(''), pixels: null },
    'a long text': { text: text('one two three four five six seven eight'), pixels: picture() },
    'a white picture': { text: text('cup'), pixels: picture().fill(255) },
    'a black picture': { text: text(''), pixels: picture().fill(0) },
    'another of both': { text: text('a green cup'), pixels: picture() },
  };
}

/** The model's inputs by name, one product after the other. */
export function inputsOf(cases: readonly ReferenceInput[], side: number, tokens: number) {
  const n = cases.length;
  const inputs = {
    n,
    shapes: { text: [n, tokens], image: [n, side, side, 3], flag: [n, 1] },
    text_ids: new Int32Array(n * tokens),
    text_weights: new Float32Array(n * tokens),
    image: new Uint8Array(n * side * side * 3),
    image_present: new Float32Array(n),
    text_present: new Float32Array(n),
  };
  cases.forEach(({ text, pixels }, i) => {
    inputs.text_ids.set(text.ids, i * tokens);
    inputs.text_weights.set(text.weights, i * tokens);
    if (pixels) inputs.image.set(pixels, i * side * side * 3);
    inputs.image_present[i] = pixels ? 1 : 0;
    inputs.text_present[i] = text.present ? 1 : 0;
  });
  return inputs;
}
type Inputs = ReturnType<typeof inputsOf>;

/** For a session of onnxruntime. */
export function onnxFeeds({ shapes, ...inputs }: Inputs): Record<string, Tensor> {
  return {
    text_ids: new Tensor('int32', inputs.text_ids, shapes.text),
    text_weights: new Tensor('float32', inputs.text_weights, shapes.text),
    image: new Tensor('uint8', inputs.image, shapes.image),
    image_present: new Tensor('float32', inputs.image_present, shapes.flag),
    text_present: new Tensor('float32', inputs.text_present, shapes.flag),
  };
}

/** What the graph model answers, loaded from files as anybody would. */
export async function tfjsAnswers(
  tf: TensorFlow,
  { model, weights }: { model: object; weights: Buffer },
  { shapes, ...inputs }: Inputs,
): Promise<(name: string) => Float32Array | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-model-'));
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  await writeFile(join(folder, 'weights.bin'), weights);
  const graph = await tf.loadGraphModel(`file://${folder}/model.json`);
  await rm(folder, { recursive: true });
  const outputs = graph.execute(
    {
      text_ids: tf.tensor(inputs.text_ids, shapes.text, 'int32'),
      text_weights: tf.tensor(inputs.text_weights, shapes.text),
      image: tf.tensor(Int32Array.from(inputs.image), shapes.image, 'int32'),
      image_present: tf.tensor(inputs.image_present, shapes.flag),
      text_present: tf.tensor(inputs.text_present, shapes.flag),
    },
    outputNames,
  ) as ReturnType<typeof tf.tensor>[];
  return (name) => outputs[outputNames.indexOf(name)]?.dataSync<'float32'>();
}

/** That what `read` finds by an output's name is what TensorFlow answered to these cases. */
export function expectAnswers(
  cases: readonly string[],
  expected: readonly ReferenceOutput[],
  read: (name: string) => Float32Array | undefined,
): void {
  (['probabilities', 'text', 'picture'] as const).forEach((key, which) => {
    const values = read(outputNames[which] as string) ?? new Float32Array();
    cases.forEach((label, row) => {
      const wanted = expected[row]?.[key] ?? [];
      const got = values.subarray(row * wanted.length, (row + 1) * wanted.length);
      wanted.forEach((value, i) => {
        expect(got[i], `${key} of class ${i}, ${label}`).to.be.closeTo(value, 1e-5);
      });
    });
  });
}
