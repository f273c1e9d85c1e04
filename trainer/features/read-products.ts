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
import { createValidation } from './validation.ts';

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
  const validation = createValidation();
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
    validation.add(sample, made?.digest);
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
    validation: validation.choose(),
    hasPicture: Uint8Array.from(hasPicture),
    pictures: maker.pictures(),
    textPath,
    examples: examples.chosen(),
  };
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
