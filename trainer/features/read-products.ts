import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePicture, PictureError, type Sample, StepError } from '@shelfwise/trainer-contract';
import type { Tensor4D } from '@tensorflow/tfjs-node';
import type { FeatureExtractor } from '../backbone/network.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { chooseExamples } from './examples.ts';
import type { Products } from './products.ts';
import { createRecordFile } from './records.ts';

/** Pictures that go through the backbone at a time: enough to keep all cores busy, little enough for memory. */
const batchSize = 32;
/** One product in ten is held back from the fit that is judged. */
const validationShare = 0.1;

export interface ReadOptions {
  readonly tf: TensorFlow;
  readonly extractor: FeatureExtractor;
  readonly widths: readonly number[];
  readonly imageSize: number;
  readonly classes: readonly string[];
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  /** Called after each batch with the number of products so far. */
  onProgress(done: number): void;
}

/**
 * Goes over the products once: decodes each picture, computes its features and those of its mirror
 * image, and leaves features and texts in files of `scratchDir`.
 *
 * @throws StepError BadData naming the product whose class or picture is wrong
 */
export async function readProducts(
  samples: AsyncIterable<Sample>,
  options: ReadOptions,
): Promise<Products> {
  const width = options.widths.reduce((sum, each) => sum + each, 0);
  const pictures = createRecordFile(join(options.scratchDir, 'pictures.f32'), 2 * width * 4);
  const textPath = join(options.scratchDir, 'texts.jsonl');
  const texts = openSync(textPath, 'w');
  const labelOf = new Map(options.classes.map((name, index) => [name, index]));
  const labels: number[] = [];
  const draws: number[] = [];
  const hasPicture: number[] = [];
  const examples = chooseExamples();

  for await (const batch of decoded(inBatches(samples), options)) {
    options.signal.throwIfAborted();
    for (const record of featuresOf(batch, width, options)) pictures.append(record);
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
  return {
    classes: options.classes,
    count: labels.length,
    labels: Int32Array.from(labels),
    validation: chooseValidation(draws),
    hasPicture: Uint8Array.from(hasPicture),
    pictures,
    widths: options.widths,
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
async function* decoded(
  batches: AsyncIterable<Sample[]>,
  { imageSize }: ReadOptions,
): AsyncGenerator<Decoded[]> {
  let ahead: Promise<Decoded[]> | undefined;
  for await (const batch of batches) {
    const next = Promise.all(batch.map((sample) => decode(sample, imageSize)));
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

/** One record for each product of the batch: features, then the mirror image's. */
function featuresOf(batch: Decoded[], width: number, options: ReadOptions): Uint8Array[] {
  const { tf, extractor, imageSize } = options;
  const withPicture = batch.flatMap(({ pixels }) => (pixels ? [pixels] : []));
  const records = batch.map(() => new Float32Array(2 * width));
  if (withPicture.length > 0) {
    const values = tf.tidy(() => {
      const bytes = new Int32Array(withPicture.length * imageSize * imageSize * 3);
      withPicture.forEach((pixels, i) => {
        bytes.set(pixels, i * imageSize * imageSize * 3);
      });
      const shape: [number, number, number, number] = [-1, imageSize, imageSize, 3];
      shape[0] = withPicture.length;
      const upright: Tensor4D = tf.tensor4d(bytes, shape, 'int32');
      const mirrored = tf.reverse(upright, 2);
      return tf
        .concat([extractor.extract(upright), extractor.extract(mirrored)], 1)
        .dataSync<'float32'>();
    });
    let row = 0;
    batch.forEach(({ pixels }, i) => {
      if (pixels) records[i]?.set(values.subarray(row * 2 * width, ++row * 2 * width));
    });
  }
  return records.map((record) => new Uint8Array(record.buffer));
}
