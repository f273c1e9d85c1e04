import { join } from 'node:path';
import { digestSchema, releaseNameSchema, StepError } from '@shelfwise/trainer-contract';
import { z } from 'zod';
import { type BackboneName, backboneNames } from '../backbone/backbones.ts';
import { cacheDirectory } from '../native/cache.ts';
import type { Device } from '../native/tensorflow-wheels.ts';
import { parseOptions } from '../options.ts';
import { type TextBackboneName, textBackboneNames } from '../sentences/weights.ts';
import type { TrainerConfig } from '../step.ts';
import type { Architecture } from './architecture.ts';
import { type ArchitectureName, architectures } from './architectures.ts';
import type { Choices } from './hyperparameters.ts';
import type { SearchBudget } from './search.ts';

export const trainUsage = `Usage: trainer train --store URL --dataset sha256:HEX --release NAME [options]

Trains a model on a dataset and publishes it as a release.

  --store URL                where dataset and release lie: s3://BUCKET/PREFIX or file:///FOLDER
  --dataset sha256:HEX       the dataset, as "trainer snapshot" named it
  --release NAME             name of the release
  --architecture NAME        conv-fusion: hashed n-grams and a pretrained picture network (default), or
                             lstm-cnn: an LSTM and a convolutional network, both learned from the products alone
  --image-backbone NAME      ${backboneNames[0]} (default), or ${backboneNames[1]}: in bytes, a third of the time
  --text-backbone NAME       ${textBackboneNames[0]} (default): knows words of sixteen languages
                             that no product taught it; or ${textBackboneNames[1]}: a third of the bundle, and less time a text
  --image-size N             side of the square that pictures are scaled to, 32 to 320 (default 128; lstm-cnn 64)
  --epochs N                 how often each product is seen (default 10, up to 25 below 4,500 products; lstm-cnn 12; 25)
  --batch-size N             products a step (default 128; 64 below 2,000 products; lstm-cnn 64; 32)
  --learning-rate X          of the first step; falls to 0 (default 0.04; 0.02 below 2,000 products;
                             lstm-cnn 0.002)
  --seed N                   the same seed and dataset give the same model (default 0)
  --search-configurations N  tries up to N configurations, 2 to 64, and trains the best; likewise the next
  --search-minutes N         begins none after N minutes of trying
  --checkpoint-minutes N     how often a checkpoint is written to the store, besides when told to stop (default 10)
  --device cpu|gpu           default: TRAIN_DEVICE, or else cpu
  --backbone DIR             the backbone's weights; default: BACKBONE_DIR, or else the cache
  --parent-release NAME      the release that this one follows, for its manifest
  --code-image REFERENCE     the image that this runs in, for its manifest
  --owner-uid UID            UID of the ModelRelease that the store must belong to
`;

const names = Object.keys(architectures) as [ArchitectureName, ...ArchitectureName[]];
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const schema = z.strictObject({
  store: z.string().min(1),
  dataset: digestSchema,
  release: releaseNameSchema,
  architecture: z.enum(names).default(names[0]),
  'image-backbone': z.enum(backboneNames).default(backboneNames[0]),
  'text-backbone': z.enum(textBackboneNames).default(textBackboneNames[0]),
  'image-size': whole(32, 320).optional(),
  epochs: whole(1, 1000).optional(),
  'batch-size': whole(1, 4096).optional(),
  'learning-rate': z.coerce.number().positive().max(10).optional(),
  seed: whole(0, 2 ** 31 - 1).optional(),
  'search-minutes': whole(1, 10_080).optional(),
  'search-configurations': whole(2, 64).optional(),
  'checkpoint-minutes': whole(1, 1440).default(10),
  device: z.enum(['cpu', 'gpu']).optional(),
  backbone: z.string().min(1).optional(),
  'parent-release': releaseNameSchema.optional(),
  'code-image': z.string().min(1).optional(),
  'owner-uid': z.string().min(1).optional(),
});

export interface TrainOptions {
  readonly store: string;
  readonly dataset: string;
  readonly release: string;
  readonly architecture: ArchitectureName;
  readonly choices: Choices;
  /** Null where no search is asked for. */
  readonly search: SearchBudget | null;
  readonly checkpointMinutes: number;
  readonly device: Device;
  readonly imageBackbone: BackboneName;
  readonly textBackbone: TextBackboneName;
  readonly backboneDir: string;
  readonly parentRelease: string | null;
  readonly codeImage: string | null;
  readonly ownerUid: string | null;
}

/** The options of the command line, with the environment's defaults. Throws BadConfiguration naming the option. */
export function trainOptions(args: string[], config: TrainerConfig): TrainOptions {
  const seen = parseOptions(schema, args);
  const search = searchBudget(seen['search-minutes'], seen['search-configurations']);
  const architecture: Architecture = architectures[seen.architecture];
  if (search && !architecture.axes)
    throw new StepError(
      'BadConfiguration',
      `--search-minutes and --search-configurations say nothing to ${architecture.name}, which has one configuration.`,
    );
  const cache = cacheDirectory({ XDG_CACHE_HOME: config.cacheHome });
  return {
    store: seen.store,
    dataset: seen.dataset,
    release: seen.release,
    architecture: seen.architecture,
    choices: {
      epochs: seen.epochs,
      batchSize: seen['batch-size'],
      learningRate: seen['learning-rate'],
      seed: seen.seed,
      imageSize: seen['image-size'],
    },
    search,
    checkpointMinutes: seen['checkpoint-minutes'],
    device: seen.device ?? config.trainDevice,
    imageBackbone: seen['image-backbone'],
    textBackbone: seen['text-backbone'],
    backboneDir: seen.backbone ?? config.backboneDir ?? join(cache, 'backbone'),
    parentRelease: seen['parent-release'] ?? null,
    codeImage: seen['code-image'] ?? null,
    ownerUid: seen['owner-uid'] ?? null,
  };
}

/** One of the two is enough to ask for a search; the other then has the ModelRelease's default. */
function searchBudget(minutes?: number, configurations?: number): SearchBudget | null {
  if (minutes === undefined && configurations === undefined) return null;
  return { minutes: minutes ?? 30, configurations: configurations ?? 8 };
}
