/** What a step waits for its input: the very reader and loop of the trainer, on files as the pass over a snapshot leaves them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TextPreprocessing } from '@shelfwise/trainer-contract';
import { type BatchSource, batchReader } from '../../trainer/conv-fusion/batch.ts';
import { fitHead } from '../../trainer/conv-fusion/fit.ts';
import { settings } from '../../trainer/conv-fusion/settings.ts';
import { scaledVectors } from '../../trainer/conv-fusion/vectors.ts';
import { featuresIn } from '../../trainer/features/pictures.ts';
import { createRecordFile } from '../../trainer/features/records.ts';
import { vectorsIn } from '../../trainer/features/sentences.ts';
import type { FitPace } from '../../trainer/fit/loop.ts';
import { createRandom, type Random } from '../../trainer/fit/random.ts';
import { keepsNothing } from '../../trainer/fit/state.ts';
import { loadTensorFlow } from '../../trainer/native/tensorflow.ts';
import type { Figure } from '../figures/report.ts';
import { rakuten, sum } from './batches.ts';

export interface InputSettings {
  /** Epochs that are timed, of a catalogue of as many products as fill 32 batches. */
  epochs: number;
  say: (text: string) => void;
}

const { size, tokens, classes, rows, widths } = rakuten;
const width = sum(widths);
const count = 32 * size;
/** Numbers that the text network makes of a text. */
const vectorWidth = 512;
const everyRow = Int32Array.from({ length: count }, (_, i) => i);

export async function input({ epochs, say }: InputSettings): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-train-'));
  try {
    say('writing features');
    const { source, close } = writeSource(dir, createRandom(1));
    say('reading batches, nothing else');
    const alone = readingAlone(source, epochs);
    say('fitting');
    const { waited, seconds } = await fitting(source, epochs);
    close();
    return [
      {
        name: 'inputItemsPerSecond',
        says: 'conv-fusion: reading batches, nothing else',
        value: (count * epochs) / alone,
        unit: 'items/s',
      },
      {
        name: 'inputWaitPercent',
        says: 'conv-fusion: of a step, waiting for its batch',
        value: (waited / seconds) * 100,
        unit: '%',
        atMost: 5,
      },
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function readingAlone(source: BatchSource, epochs: number): number {
  const random = createRandom(2);
  const read = batchReader(source, size);
  const started = performance.now();
  for (let batch = 0; batch < epochs * (count / size); batch++) {
    const drawn = Int32Array.from({ length: size }, () => Math.floor(random() * count));
    read(drawn, () => random() < 0.5);
  }
  return (performance.now() - started) / 1000;
}

/** Seconds of a fit, and those of them in which the step had no batch yet; the first epoch warms up. */
async function fitting(source: BatchSource, epochs: number) {
  const tf = loadTensorFlow('cpu');
  const choices = { epochs: epochs + 1, batchSize: size, learningRate: 0.04, seed: 0 };
  let warm: FitPace = { items: 0, seconds: 0, waitedSeconds: 0 };
  let whole = warm;
  const { head } = await fitHead(tf, source, {
    hyperparameters: settings(choices, count),
    rows: everyRow,
    embeddingRows: rows,
    keeper: keepsNothing,
    signal: new AbortController().signal,
    onStep({ pace, epoch }) {
      if (epoch === 1) warm = pace;
      whole = pace;
    },
    judge: () => null,
  });
  tf.dispose({ ...head });
  return {
    waited: whole.waitedSeconds - warm.waitedSeconds,
    seconds: whole.seconds - warm.seconds,
  };
}

function writeSource(dir: string, random: Random): { source: BatchSource; close: () => void } {
  const pictures = createRecordFile(join(dir, 'pictures'), width * 4);
  const vectors = createRecordFile(join(dir, 'vectors'), vectorWidth * 4);
  const texts = createRecordFile(join(dir, 'texts'), tokens * 8);
  const record = new ArrayBuffer(tokens * 8);
  const ids = new Int32Array(record, 0, tokens);
  const weights = new Float32Array(record, tokens * 4);
  for (let product = 0; product < count; product++) {
    const values = Float16Array.from({ length: 2 * width }, () => random() * 3);
    pictures.append(new Uint8Array(values.buffer));
    const vector = Float32Array.from({ length: vectorWidth }, () => random() - 0.5);
    vectors.append(new Uint8Array(vector.buffer));
    // Texts are of any length; the batch is as wide as its longest.
    const used = Math.floor(tokens * (0.2 + 0.8 * random()));
    ids.forEach((_, i) => {
      ids[i] = i < used ? Math.floor(random() ** 2 * (rows - 1)) : rows - 1;
      weights[i] = i < used ? random() / Math.sqrt(used) : 0;
    });
    texts.append(new Uint8Array(record));
  }
  const ones = new Uint8Array(count).fill(1);
  const source: BatchSource = {
    products: {
      classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
      count,
      labels: Int32Array.from({ length: count }, () => Math.floor(random() * classes)),
      validation: new Uint8Array(count),
      hasPicture: ones,
      pictures: featuresIn(pictures, widths),
      textPath: '',
      examples: [],
    },
    texts: {
      preprocessing: { maximumTokens: tokens } as TextPreprocessing,
      features: texts,
      hasText: ones,
    },
    sentences: scaledVectors(
      vectorsIn(vectors, ones),
      everyRow,
      settings({}, count).sentenceLength,
    ),
    scale: {
      widths,
      mean: new Float32Array(width).fill(1.5),
      factor: new Float32Array(width).fill(1.1),
      length: 1.2,
    },
    rowOf: Int32Array.from({ length: rows }, (_, row) => row),
  };
  const close = () => {
    for (const records of [pictures, vectors, texts]) records.close();
  };
  return { source, close };
}
