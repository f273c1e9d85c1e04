import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canonicalJson,
  checkOwner,
  type Manifest,
  openStore,
  readSnapshot,
  type Snapshot,
  StepError,
  type TrainMessage,
} from '@shelfwise/trainer-contract';
import type { StepResult } from '@shelfwise/trainer-contract/program';
import { openBackbone } from '../backbone/backbones.ts';
import type { PictureStage } from '../features/pictures.ts';
import type { Validation } from '../judge/validation.ts';
import { startTensorFlow } from '../native/start.ts';
import { readEncoder } from '../sentences/weights.ts';
import type { Step, StepIo } from '../step.ts';
import { startTracking, tellPublished } from '../tracking/tracking.ts';
import type { Architecture, PictureKind } from './architecture.ts';
import { architectures } from './architectures.ts';
import { openCheckpoints, removeCheckpoints } from './checkpoints.ts';
import { type TrainOptions, trainOptions, trainUsage } from './options.ts';
import { alreadyPublished, publish, tarReference } from './publish.ts';
import { sourcesDigest } from './sources.ts';
import { train } from './train.ts';

export const trainStep: Step = {
  usage: trainUsage,
  // A checkpoint may be hundreds of megabytes; the pod's grace is 120 seconds.
  stopWithinMs: 100_000,
  run: (args, io) => run(trainOptions(args, io.config), io),
};

async function run(options: TrainOptions, io: StepIo): Promise<StepResult> {
  const startedAt = new Date();
  const store = openStore(options.store, io.config.store);
  if (options.ownerUid) await checkOwner(store, options.ownerUid);
  const snapshot = await readSnapshot(store, options.dataset);
  requireClasses(snapshot);
  const architecture = architectures[options.architecture];
  const resolved = architecture.settings(options.choices, snapshot.counts.train);
  const { seed, ...hyperparameters } = resolved;
  const search = searchOf(architecture, options);
  const identity = {
    release: options.release,
    dataset: options.dataset,
    seed,
    hyperparameters: {
      architecture: architecture.name,
      ...(architecture.pictures === 'features' && {
        imageBackbone: options.imageBackbone,
        textBackbone: options.textBackbone,
      }),
      ...hyperparameters,
      ...(options.search && {
        searchMinutes: options.search.minutes,
        searchConfigurations: options.search.configurations,
      }),
    },
  };
  const code = { version: await codeVersion(), image: options.codeImage };
  const told = {
    store,
    release: options.release,
    identity,
    params: { ...identity.hyperparameters, seed, ...snapshot.counts },
    tags: {
      'shelfwise.dataset': options.dataset,
      'shelfwise.code.version': code.version,
      'shelfwise.code.image': code.image,
      'shelfwise.modelrelease.uid': options.ownerUid,
    },
    mlflow: io.config.mlflow,
    log: io.log,
  };
  const before = await alreadyPublished(store, identity);
  if (before) {
    io.log.info({ release: options.release }, 'this training is already published');
    await tellPublished(told, {
      metrics: before.metrics,
      tags: resultTags(before.tar.sha256, { ...resolved, ...before.chosen }),
      startedAt: new Date(before.startedAt),
      finishedAt: new Date(before.finishedAt),
    });
    await removeCheckpoints({ store, release: options.release, log: io.log });
    return { message: trainMessage(before, startedAt), detail: { alreadyPublished: true } };
  }

  const tf = startTensorFlow(options.device);
  const checkpoints = await openCheckpoints({
    store,
    release: options.release,
    identity: {
      ...identity,
      code,
      ...(options.codeImage === null && { sources: await sourcesDigest() }),
    },
    everyMinutes: options.checkpointMinutes,
    log: io.log,
  });
  const scratchDir = await mkdtemp(join(io.config.scratchDir, 'train-'));
  const tracking = startTracking({ ...told, scratchDir });
  try {
    const {
      tar,
      validation,
      pace,
      changed,
      hyperparameters: chosen,
    } = await train({
      store,
      snapshot,
      tf,
      architecture,
      stage: await openStage(architecture.pictures, resolved.imageSize, options),
      hyperparameters: resolved,
      search,
      scratchDir,
      checkpoints,
      signal: io.signal,
      log: io.log,
      progress(event) {
        io.progress(event);
        tracking.progress(event);
      },
    });
    io.signal.throwIfAborted();
    const manifest: Manifest = {
      schemaVersion: 1,
      ...identity,
      ...(Object.keys(changed).length > 0 && { chosen: changed }),
      tar: tarReference(tar),
      code,
      metrics: manifestMetrics(validation),
      parent: options.parentRelease,
      owner: options.ownerUid,
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
    };
    await tracking.results(manifest.metrics, resultTags(tar.digest, chosen));
    await publish(store, manifest, tar.path, io.signal);
    await tracking.end('FINISHED');
    await removeCheckpoints({ store, release: options.release, log: io.log });
    return {
      message: trainMessage(manifest, startedAt),
      detail: { alreadyPublished: false, validation: validation.metrics, input: pace },
    };
  } catch (error) {
    if (io.signal.aborted && error === io.signal.reason) {
      const [kept] = await Promise.all([checkpoints.flush(), tracking.end('KILLED')]);
      throw new StepError('Interrupted', `${(error as Error).message} ${kept}`);
    }
    await tracking.end('FAILED');
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new StepError(
      'BadConfiguration',
      `The scratch folder ${io.config.scratchDir} is full: training on ${snapshot.counts.train} products takes about ${scratchMegabytes(snapshot)} MB there.`,
      { cause: error },
    );
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** What is tried in any case takes no longer than it takes; what a person asks for ends when they say. */
function searchOf({ axes }: Architecture, { choices, search }: TrainOptions) {
  const { always, further } = axes?.(choices) ?? { always: [], further: [] };
  if (!search) {
    const configurations = 1 + always.reduce((sum, { values }) => sum + values.length - 1, 0);
    return { axes: always, budget: { minutes: Number.POSITIVE_INFINITY, configurations } };
  }
  return { axes: [...always, ...further], budget: search };
}

function requireClasses(snapshot: Snapshot): void {
  const filled = snapshot.classes.filter((each) => each.train > 0).length;
  if (filled < 2 || snapshot.counts.train < 20)
    throw new StepError(
      'BadData',
      `The dataset ${snapshot.digest} has ${snapshot.counts.train} products of ${filled} classes to learn from; it takes at least 20 products and 2 classes.`,
    );
}

/** 11 KB of picture features, as many from the cache, and 4 KB of text for each product, and 500 MB for shards and bundle. */
function scratchMegabytes({ counts }: Snapshot): number {
  return 500 + Math.ceil((counts.train * 27) / 1000);
}

async function openStage(
  kind: PictureKind,
  size: number,
  { imageBackbone, textBackbone, backboneDir }: TrainOptions,
): Promise<PictureStage> {
  if (kind === 'pixels') return { kind, size };
  try {
    const sentences = textBackbone === 'none' ? undefined : await readEncoder(backboneDir);
    return { kind, size, backbone: await openBackbone(imageBackbone, backboneDir), sentences };
  } catch (cause) {
    throw new StepError('BadConfiguration', (cause as Error).message, { cause });
  }
}

function resultTags(digest: string, chosen: object): Record<string, string> {
  return { 'shelfwise.digest': digest, 'shelfwise.chosen': canonicalJson(chosen) };
}

function trainMessage(manifest: Manifest, startedAt: Date): TrainMessage {
  const { release, tar, dataset, metrics } = manifest;
  return {
    step: 'train',
    ok: true,
    release,
    digest: tar.sha256,
    dataset,
    seconds: Math.round((Date.now() - startedAt.getTime()) / 100) / 10,
    metrics: { accuracy: metrics.accuracy ?? 0, macroF1: metrics.macroF1 ?? 0 },
  };
}

function manifestMetrics({ metrics, text, picture }: Validation): Manifest['metrics'] {
  return { ...metrics, textAccuracy: text.accuracy, pictureAccuracy: picture.accuracy };
}

async function codeVersion(): Promise<string> {
  const file = new URL('../package.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')).version;
}
