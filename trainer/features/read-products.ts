import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PictureError, type Sample, StepError } from '@shelfwise/trainer-contract';
import { chooseExamples } from './examples.ts';
import { inOrder } from './in-order.ts';
import {
  type Made,
  type MakerOptions,
  type PictureMaker,
  startPictureMaker,
} from './make-pictures.ts';
import type { PictureStage, PicturesOf } from './pictures.ts';
import type { Products } from './products.ts';

/** One product in ten is held back from the fit that is judged. */
const validationShare = 0.1;

export interface ReadOptions<S extends PictureStage> extends MakerOptions {
  readonly stage: S;
  readonly classes: readonly string[];
  /** Called after each product with the number of products so far. */
  onProgress(done: number): void;
}

/**
 * Goes over the products once: decodes each picture, makes of it what the stage wants (the backbone's features of the
 * picture and of its mirror image, or its pixels), and leaves that and the texts in files of `scratchDir`.
 *
 * @throws StepError BadData naming the product whose class or picture is wrong; the signal's reason when aborted
 */
export async function readProducts<S extends PictureStage>(
  samples: AsyncIterable<Sample>,
  options: ReadOptions<S>,
): Promise<Products<PicturesOf<S>>> {
  const maker = await startPictureMaker(options);
  let complete = false;
  try {
    const products = await read(samples, maker, options);
    complete = true;
    return products as Products<PicturesOf<S>>;
  } finally {
    await maker.close(complete);
  }
}

async function read(
  samples: AsyncIterable<Sample>,
  maker: PictureMaker,
  { scratchDir, classes, signal, onProgress }: ReadOptions<PictureStage>,
): Promise<Products> {
  const textPath = join(scratchDir, 'texts.jsonl');
  const texts = openSync(textPath, 'w');
  const labelOf = new Map(classes.map((name, index) => [name, index]));
  const labels: number[] = [];
  const draws: number[] = [];
  const hasPicture: number[] = [];
  const examples = chooseExamples();

  const work = (sample: Sample) => withPicture(sample, maker);
  for await (const { sample, made } of inOrder(samples, 2 * maker.capacity, work)) {
    signal.throwIfAborted();
    const label = labelOf.get(sample.class);
    if (label === undefined)
      throw new StepError(
        'BadData',
        `The product ${sample.id} is of class "${sample.class}", which snapshot.json does not list: take a new snapshot.`,
      );
    await maker.append(made);
    labels.push(label);
    draws.push(drawOf(sample));
    hasPicture.push(made ? 1 : 0);
    examples.offer(sample);
    writeFileSync(texts, `${JSON.stringify([sample.designation, sample.description])}\n`);
    onProgress(labels.length);
  }
  closeSync(texts);
  return {
    classes,
    count: labels.length,
    labels: Int32Array.from(labels),
    validation: chooseValidation(draws),
    hasPicture: Uint8Array.from(hasPicture),
    pictures: maker.pictures(),
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
  const chosen = Uint8Array.from(draws, (draw) =>
    draw < validationShare || draw === least ? 1 : 0,
  );
  // Of products that all have one text none would be left to fit. The snapshot's order is by a hash.
  if (chosen.every((flag) => flag === 1)) return chosen.map((_, i) => (i % 10 === 0 ? 1 : 0));
  return chosen;
}

/** The product and what its picture became; undefined where it has none. */
async function withPicture(
  sample: Sample,
  maker: PictureMaker,
): Promise<{ sample: Sample; made: Made | undefined }> {
  if (!sample.picture) return { sample, made: undefined };
  try {
    return { sample, made: await maker.make(sample.picture) };
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof PictureError)
      throw new StepError(
        'BadData',
        `The picture of product ${sample.id} cannot be read: ${message}`,
        { cause },
      );
    throw new Error(`The picture of product ${sample.id} was not prepared: ${message}`, { cause });
  }
}
