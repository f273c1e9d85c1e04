import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Golden, type Preprocessing, packBundle } from '@shelfwise/trainer-contract';
import { startEngine } from '../../inference/engine/engine.ts';
import { addAnswers, inputPorts, outputPorts } from '../../trainer/onnx/answers.ts';
import { createGraph, type GraphBuilder } from '../../trainer/onnx/graph.ts';
import type { BenchModel } from './contender.ts';
import { publish, type StoreAt } from './publish.ts';

/*
 * A small network of the serving contract, with weights drawn at random: what it costs is of interest, not what it says.
 * The word-sequence and picture branches are of the kind that `lstm-cnn` has, with a convolution in place of the LSTM.
 */

const side = 96;
const [tokens, buckets, width, filters] = [100, 8_192, 64, 128];
/** Output channels of 3 × 3 convolutions, each of which halves the side. */
const channels = [32, 64, 96, 128];
const classes = Array.from({ length: 27 }, (_, i) => `class-${i + 1}`);

const preprocessing: Preprocessing = {
  architecture: 'bench',
  image: { size: side, decoder: 'libjpeg-turbo' },
  text: { kind: 'sequence', buckets, maximumTokens: tokens },
};

/** Multiply-accumulates of one product's prediction. */
export function smallModelMacs(): number {
  let macs = tokens * 3 * width * filters;
  let [edge, from] = [side, 3];
  for (const to of channels) {
    edge /= 2;
    macs += edge * edge * 9 * from * to;
    from = to;
  }
  return macs + classes.length * (filters + from) * 2;
}

function network(): Uint8Array {
  const graph = createGraph('bench');
  const weights = weightsFrom(1);
  const dense = (x: string, from: number, scale: number) =>
    graph.node('MatMul', [
      x,
      graph.constant(weights(from * classes.length, from, scale), [from, classes.length]),
    ]);

  const table = graph.constant(weights((buckets + 1) * width, 1, 1), [buckets + 1, width]);
  const last = graph.constant(BigInt64Array.of(2n), [1]);
  const rows = graph.node('Gather', [table, 'text_ids'], { axis: 0 });
  const words = graph.node('Mul', [rows, graph.node('Unsqueeze', ['text_weights', last])]);
  const sequence = graph.node('Transpose', [words], { perm: [0, 2, 1] });
  const kernel = graph.constant(weights(filters * width * 3, width * 3, 1), [filters, width, 3]);
  const read = graph.node('Conv', [sequence, kernel], { kernel_shape: [3], pads: [1, 1] });
  const text = graph.node('Flatten', [graph.node('GlobalMaxPool', [graph.node('Relu', [read])])]);

  const picture = addPicture(graph, weights);
  const seen = channels.at(-1) as number;
  const byText = dense(text, filters, 1);
  const byPicture = dense(picture, seen, 6);
  const fused = graph.node('Add', [byText, byPicture]);
  addAnswers(graph, { fused, text: byText, picture: byPicture }, { fused: 1, text: 1, picture: 1 });
  return graph.finish(inputPorts(tokens, side), outputPorts(classes.length));
}

/** Averages over the last convolution's channels, around 0 over what they have in common. */
function addPicture(graph: GraphBuilder, weights: ReturnType<typeof weightsFrom>): string {
  const scalar = (value: number) => graph.constant(Float32Array.of(value), []);
  const planes = graph.node('Transpose', [graph.node('Cast', ['image'], { to: 1 })], {
    perm: [0, 3, 1, 2],
  });
  let x = graph.node('Sub', [graph.node('Mul', [planes, scalar(1 / 127.5)]), scalar(1)]);
  let from = 3;
  for (const to of channels) {
    const kernel = graph.constant(weights(to * from * 9, from * 9, 1.4), [to, from, 3, 3]);
    const y = graph.node('Conv', [x, kernel], {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [0, 0, 1, 1],
    });
    x = graph.node('Relu', [y]);
    from = to;
  }
  const averages = graph.node('Flatten', [graph.node('GlobalAveragePool', [x])]);
  const mean = graph.node('ReduceMean', [averages], { axes: [1], keepdims: 1 });
  const centred = graph.node('Sub', [averages, mean]);
  const norm = graph.node('ReduceL2', [centred], { axes: [1], keepdims: 1 });
  return graph.node('Mul', [graph.node('Div', [centred, norm]), scalar(8)]);
}

/** Numbers around 0 whose spread keeps that of what they are multiplied with. */
function weightsFrom(seed: number) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296 - 0.5;
  };
  return (count: number, fanIn: number, scale: number) =>
    Float32Array.from({ length: count }, () => random() * scale * Math.sqrt(12 / fanIn));
}

/** The model, made in `dir` and published, by default in a store there; its golden cases are what it answers to some of the pictures. */
export async function smallModel(
  dir: string,
  pictures: readonly Buffer[],
  store: StoreAt = { url: pathToFileURL(join(dir, 'store')).href, env: {} },
): Promise<BenchModel> {
  const folder = join(dir, 'bundle');
  await mkdir(join(folder, 'tfjs'), { recursive: true });
  const model = join(folder, 'model.onnx');
  await writeFile(model, network());
  const files = {
    'golden.json': await goldenOf(model, pictures.slice(0, 3)),
    'labels.json': { schemaVersion: 1, classes },
    'metrics.json': { schemaVersion: 1 },
    'preprocessing.json': { schemaVersion: 1, ...preprocessing },
    'tfjs/model.json': {},
  };
  for (const [name, value] of Object.entries(files))
    await writeFile(join(folder, name), JSON.stringify(value));
  await writeFile(join(folder, 'tfjs/weights.bin'), '');
  await writeFile(join(folder, 'MODEL_CARD.md'), '# A network of random weights, for benchmarks\n');
  const path = join(dir, 'model.tar');
  const released = await publish(store, { path, ...(await packBundle(folder, path)) });
  return { ...released, peers: { model, side, tokens, padding: buckets, classes } };
}

async function goldenOf(modelPath: string, pictures: readonly Buffer[]): Promise<Golden> {
  const engine = await startEngine({
    ...{ modelPath, preprocessing, classes: classes.length },
    ...{ workers: 1, queueCapacity: pictures.length },
  });
  try {
    const cases = pictures.map(async (file) => {
      const item = { designation: null, description: null, picture: new Uint8Array(file) };
      const { combined } = await engine.predict(item);
      const image = file.toString('base64');
      const none = {
        designation: null,
        description: null,
        text: new Array(classes.length).fill(0),
      };
      return { ...none, image, probabilities: [...combined], picture: [...combined] };
    });
    return { schemaVersion: 1, tolerance: 1e-3, cases: await Promise.all(cases) };
  } finally {
    await engine.close();
  }
}
