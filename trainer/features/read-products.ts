import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePicture, PictureError, type Sample, StepError } from '@shelfwise/trainer-contract';
import type { Tensor4D } from '@tensorflow/tfjs-node';
import { featureWidths } from '../backbone/layers.ts';
import { createExtractor, type FeatureExtractor } from '../backbone/network.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { chooseExamples } from './examples.ts';
import {
  featuresIn,
  type PictureFeatures,
  type PicturePixels,
  type PictureStage,
  pixelsIn,
} from './pictures.ts';
import type { Products } from './products.ts';
import { createRecordFile } from './records.ts';

/** Pictures that go through the backbone at a time: enough to keep all cores busy, little enough for memory. */
const batchSize = 32;
/** One product in ten is held back from the fit that is judged. */
const validationShare = 0.1;

export interface ReadOptions<S extends PictureStage> {
  readonly stage: S;
  readonly tf: TensorFlow;
  readonly classes: readonly string[];
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  /** Called after each batch with the number of products so far. */
  onProgress(done: number): void;
}

/** What `S` makes of pictures. */
type Made<S extends PictureStage> = S['kind'] extends 'features' ? PictureFeatures : PicturePixels;

/**
 * Goes over the products once: decodes each picture, makes of it what the stage wants (the backbone's features of the
 * picture and of its mirror image, or its pixels), and leaves that and the texts in files of `scratchDir`.
 *
 * @throws StepError BadData naming the product whose class or picture is wrong
 */
export async function readProducts<S extends PictureStage>(
  samples: AsyncIterable<Sample>,
  options: ReadOptions<S>,
): Promise<Products<Made<S>>> {
  const { tf, scratchDir, classes } = options;
  const stage: PictureStage = options.stage;
  const widths = stage.kind === 'features' ? featureWidths(stage.backbone) : [];
  const recordBytes = stage.kind === 'features' ? 4 * sum(widths) : stage.size * stage.size * 3;
  const records = createRecordFile(join(scratchDir, `pictures.${stage.kind}`), recordBytes);
  const extractor = stage.kind === 'features' ? createExtractor(tf, stage.backbone) : undefined;
  const textPath = join(scratchDir, 'texts.jsonl');
  const texts = openSync(textPath, 'w');
  const labelOf = new Map(classes.map((name, index) => [name, index]));
  const labels: number[] = [];
  const draws: number[] = [];
  const hasPicture: number[] = [];
  const examples = chooseExamples();

  for await (const batch of decoded(inBatches(samples), stage.size)) {
    options.signal.throwIfAborted();
    const made = extractor
      ? featuresOf(tf, extractor, batch, stage.size)
      : batch.map(({ pixels }) => pixels);
    for (const record of made) records.append(record ?? new Uint8Array(recordBytes));
    for (const { sample, pixels } of batch) {
      const label = labelOf.get(sample.class);
      if (label === undefined)
        throw new StepError(
          'BadData',
          `The product ${sample.id} is of class "${sample.class}", which snapshot.json does not list: take a new snapshot.`,
        );
      labels.push(label);
      draws.push(drawOf(sample));
      hasPicture.push(pixels ? 1 : 0);
      examples.offer(sample);
      writeFileSync(texts, `${JSON.stringify([sample.designation, sample.description])}\n`);
    }
    options.onProgress(labels.length);
  }
  closeSync(texts);
  extractor?.dispose();
  return {
    classes,
    count: labels.length,
    labels: Int32Array.from(labels),
    validation: chooseValidation(draws),
    hasPicture: Uint8Array.from(hasPicture),
    pictures: (stage.kind === 'features'
      ? featuresIn(records, widths)
      : pixelsIn(records, stage.size)) as Made<S>,
    textPath,
    examples: examples.chosen(),
  };
}

/**
 * A number in [0, 1) by the text, so that a product stays on its side whatever else is in the catalogue,
 * and variants that share a text share a side: with one learned and the other judged the figures flatter.
 */
function drawOf({ id, designation, description }: Sample): number {
  const text = `${designation}\n${description ?? ''}`.trim().toLowerCase();
  const hash = createHash('sha256')
    .update(`validation ${text || id}`)
    .digest();
  return hash.readUInt32BE(0) / 2 ** 32;
}

/** The lowest draws; at least one product, also of a very small catalogue. */
function chooseValidation(draws: number[]): Uint8Array {
  const least = draws.reduce((a, b) => Math.min(a, b), 1);
  return Uint8Array.from(draws, (draw) => (draw < validationShare || draw === least ? 1 : 0));
}

interface Decoded {
  sample: Sample;
  /** RGB bytes; undefined where the product has no picture. */
  pixels: Uint8Array | undefined;
}

async function* inBatches(samples: AsyncIterable<Sample>): AsyncGenerator<Sample[]> {
  let batch: Sample[] = [];
  for await (const sample of samples) {
    batch.push(sample);
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Decodes one batch ahead: sharp's threads work while TensorFlow holds this one. */
async function* decoded(batches: AsyncIterable<Sample[]>, size: number): AsyncGenerator<Decoded[]> {
  let ahead: Promise<Decoded[]> | undefined;
  for await (const batch of batches) {
    const next = Promise.all(batch.map((sample) => decode(sample, size)));
    // Until it is awaited one turn later, a failure must not count as unhandled.
    next.catch(() => undefined);
    if (ahead) yield await ahead;
    ahead = next;
  }
  if (ahead) yield await ahead;
}

async function decode(sample: Sample, size: number): Promise<Decoded> {
  if (!sample.picture) return { sample, pixels: undefined };
  try {
    return { sample, pixels: await decodePicture(sample.picture, size) };
  } catch (cause) {
    if (!(cause instanceof PictureError)) throw cause;
    throw new StepError(
      'BadData',
      `The picture of product ${sample.id} cannot be read: ${cause.message}`,
      { cause },
    );
  }
}

/** One record for each product of the batch that has a picture: its features, then the mirror image's. */
function featuresOf(
  tf: TensorFlow,
  extractor: FeatureExtractor,
  batch: Decoded[],
  size: number,
): (Uint8Array | undefined)[] {
  return batch.map(({ pixels }) => {
    if (!pixels) return undefined;
    const values = tf.tidy(() => {
      const upright: Tensor4D = tf.tensor4d(Int32Array.from(pixels), [1, size, size, 3], 'int32');
      const mirrored = tf.reverse(upright, 2);
      return tf
        .concat([extractor.extract(upright), extractor.extract(mirrored)], 1)
        .dataSync<'float32'>();
    });
    return new Uint8Array(Float16Array.from(values).buffer);
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
