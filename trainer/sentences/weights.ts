import { join } from 'node:path';
import type { PieceVocabulary } from '@shelfwise/trainer-contract';
import { readPinned } from '../backbone/pinned-file.ts';
import { type Contents, readSafetensors } from '../backbone/safetensors.ts';
import type { Layer, SentenceEncoder } from './encoder.ts';

export const encoderName = 'universal-sentence-encoder-multilingual';

/** The networks there are that read texts beside their n-grams; the first is the default. */
export const textBackboneNames = [encoderName, 'none'] as const;
export type TextBackboneName = (typeof textBackboneNames)[number];

/** What the converter makes of the pinned wheel. */
const digests = {
  '.safetensors': '6498b065f82de8c01838611116a63f9923e6549726fe3965d10b15f998c3ba81',
  '.pieces.json': 'ac6f15a6fb1d3b273fc989633dc3c1ec0fc273caa88af08e1ae8c8bd2baaab4d',
};

/** How many pieces one after the other a branch looks at; see `Branch`. */
const spans = [2, 3, 5];
/** The bytes of the embedding are of so many parts, each with a scale of its own: piece i is in part i % 17. */
const parts = 17;

const verified = (directory: string, suffix: keyof typeof digests): Promise<Buffer> =>
  readPinned(join(directory, encoderName + suffix), digests[suffix]);

/** Throws, naming the command that brings them, unless the folder holds exactly the known weights. */
export async function verifyEncoder(directory: string): Promise<void> {
  for (const suffix of Object.keys(digests) as (keyof typeof digests)[])
    await verified(directory, suffix);
}

/** Reads the encoder of a folder, verified. */
export async function readEncoder(directory: string): Promise<SentenceEncoder> {
  const contents = readSafetensors(await verified(directory, '.safetensors'));
  const vocabulary: PieceVocabulary = JSON.parse(
    (await verified(directory, '.pieces.json')).toString('utf8'),
  );
  return buildEncoder(contents, vocabulary);
}

function buildEncoder({ floats, bytes }: Contents, vocabulary: PieceVocabulary): SentenceEncoder {
  const values = (name: string): Float32Array => {
    const tensor = floats.get(name);
    if (!tensor) throw new Error(`The sentence encoder's weights lack ${name}.`);
    return tensor.data;
  };
  const layer = (kernel: string, bias?: string): Layer => {
    const [inputs = 0, outputs = 0] = floats.get(kernel)?.shape ?? [];
    return { inputs, outputs, kernel: values(kernel), bias: bias ? values(bias) : undefined };
  };
  const table = bytes.get('table');
  if (!table) throw new Error(`The sentence encoder's weights lack table.`);
  const [rows = 0, width = 0] = table.shape;
  const perRow = (name: string) => {
    const perPart = values(name);
    return Float32Array.from({ length: rows }, (_, row) => perPart[row % parts] as number);
  };
  return {
    name: encoderName,
    vocabulary,
    width,
    table: table.data,
    scales: perRow('scale'),
    lows: perRow('lo'),
    projection: beside(spans.map((span) => layer(`proj${span}`, `proj_b${span}`))),
    projected: {
      gain: joined(spans.map((span) => values(`ln_g${span}`))),
      bias: joined(spans.map((span) => values(`ln_b${span}`))),
    },
    branches: spans.map((span) => ({
      span,
      convolutions: [layer(`w1_${span}`, `b1_${span}`), layer(`w2_${span}`, `b2_${span}`)],
    })),
    norm: { gain: values('ln_g'), bias: values('ln_b') },
    sum: layer('cnn_W', 'cnn_b'),
    dense: {
      d0: layer('d0'),
      d1: layer('d1'),
      d2: layer('d2'),
      d3: layer('d3'),
      p1: layer('p1'),
      p3: layer('p3'),
    },
  };
}

/** Layers that read the same, as one: their outputs side by side. */
function beside(layers: readonly Layer[]): Layer {
  const inputs = layers[0]?.inputs ?? 0;
  const outputs = layers.reduce((sum, layer) => sum + layer.outputs, 0);
  const kernel = new Float32Array(inputs * outputs);
  let column = 0;
  for (const { outputs: width, kernel: own } of layers) {
    for (let row = 0; row < inputs; row++)
      kernel.set(own.subarray(row * width, (row + 1) * width), row * outputs + column);
    column += width;
  }
  return {
    inputs,
    outputs,
    kernel,
    bias: joined(layers.map(({ bias = new Float32Array() }) => bias)),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
