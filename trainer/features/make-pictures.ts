import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '@shelfwise/trainer-contract';
import { defaultWorkers } from '@shelfwise/trainer-contract/cpu-quota';
import type { Logger } from 'pino';
import { featureWidths } from '../backbone/layers.ts';
import { backboneOnnx } from '../onnx/backbone.ts';
import { type FeatureCache, openFeatureCache } from './cache.ts';
import { featuresIn, type PictureStage, type Pictures, pixelsIn } from './pictures.ts';
import { startPicturePool } from './pool.ts';
import { recipeOf } from './recipe.ts';
import { createRecordFile } from './records.ts';
import { type PictureTask, recordBytesOf } from './task.ts';

/** A worker takes about 100 MB; where no quota says otherwise a training does not take all of a large node. */
const mostWithoutQuota = 32;

export interface MakerOptions {
  readonly stage: PictureStage;
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  /** Where features of earlier trainings lie and new ones go; without it all are computed. */
  readonly cache?:
    | { readonly store: Store; readonly log: Pick<Logger, 'info' | 'warn'> }
    | undefined;
  /** Worker threads; by default one for each core that the CPU quota allows. */
  readonly workers?: number | undefined;
}

/** What a picture becomes, and the digest it goes by. */
export interface Made {
  readonly digest: string;
  readonly record: Uint8Array;
}

/** Makes of pictures what the stage wants, and collects it in a file. */
export interface PictureMaker {
  /** How many pictures to be worked on at a time keep it busy. */
  readonly capacity: number;
  /** Throws PictureError if the picture cannot be decoded. */
  make(picture: Buffer): Promise<Made>;
  /** Appends the next product's record, or what stands for no picture. */
  append(made: Made | undefined): Promise<void>;
  /** What was appended; the maker is still to be closed. */
  pictures(): Pictures;
  /** `complete`: all products were seen. */
  close(complete: boolean): Promise<void>;
}

export async function startPictureMaker(options: MakerOptions): Promise<PictureMaker> {
  const { stage, scratchDir } = options;
  const prepared = await prepare(options);
  const { task, cache } = prepared;
  const recordBytes = recordBytesOf(task);
  const pool = await startPicturePool({
    task,
    workers: options.workers ?? defaultWorkers(mostWithoutQuota),
  }).catch(async (error: unknown) => {
    await cache?.close(false);
    throw error;
  });
  const records = createRecordFile(join(scratchDir, `pictures.${stage.kind}`), recordBytes);
  const none = new Uint8Array(recordBytes);
  let found = 0;
  let computed = 0;
  return {
    capacity: pool.capacity,
    async make(picture) {
      const digest = createHash('sha256').update(picture).digest('hex');
      const known = cache?.find(digest);
      if (known) found += 1;
      else computed += 1;
      return { digest, record: known ?? (await pool.run(picture)) };
    },
    async append(made) {
      records.append(made?.record ?? none);
      if (made) await cache?.add(made.digest, made.record);
    },
    pictures: () =>
      stage.kind === 'features'
        ? featuresIn(records, featureWidths(stage.backbone))
        : pixelsIn(records, stage.size),
    async close(complete) {
      await pool.close();
      await cache?.close(complete);
      if (complete) options.cache?.log.info({ computed, found }, 'pictures are ready');
    },
  };
}

/** Features need the backbone as a file, and only they are worth a cache: pixels are larger than the pictures. */
async function prepare({
  stage,
  scratchDir,
  signal,
  cache,
}: MakerOptions): Promise<{ task: PictureTask; cache?: FeatureCache | undefined }> {
  const { size } = stage;
  if (stage.kind === 'pixels') return { task: { kind: 'pixels', size } };
  const model = backboneOnnx(stage.backbone, size);
  const modelPath = join(scratchDir, 'backbone.onnx');
  await writeFile(modelPath, model);
  const width = featureWidths(stage.backbone).reduce((sum, each) => sum + each, 0);
  const task: PictureTask = { kind: 'features', size, modelPath, width };
  const recordBytes = recordBytesOf(task);
  return {
    task,
    cache:
      cache &&
      (await openFeatureCache({
        ...cache,
        recipe: recipeOf(model),
        recordBytes,
        scratchDir,
        signal,
      })),
  };
}
