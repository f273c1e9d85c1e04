import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, openBundle, StepError, type Store } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import { type Engine, type EngineSettings, startEngine } from '../engine/engine.ts';
import { ModelRefusedError } from '../engine/errors.ts';
import { fetchModelTar } from './fetch.ts';
import { replayGolden } from './golden.ts';

export interface LoadSettings {
  store: Store;
  release: string;
  digest: string;
  /** A folder for the download; what is written there is removed once the model is in memory. */
  scratchDir: string;
  workers: number;
  queueCapacity: number;
  /** How long an unreachable store is tried again. */
  patienceMs: number;
  signal?: AbortSignal;
  log: Logger;
  /** Told what is being done, in words for people. */
  onProgress?: (doing: string) => void;
  engine?: Pick<EngineSettings, 'onStages' | 'onQueued' | 'onWorkerLost' | 'onHopeless'>;
}

export interface LoadedModel {
  engine: Engine;
  bundle: Bundle;
  /** Stops the workers and removes the files. */
  close(): Promise<void>;
}

// A download that was given up may still be writing into the folder: then it is tried again.
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 };

/**
 * A model from the store to a running engine. Nothing is trusted: the digest first, then the tar and every file's schema,
 * then the golden replay. Throws BadData saying which part was refused, StoreUnreachable when the store stays away.
 */
export async function loadModel(settings: LoadSettings): Promise<LoadedModel> {
  const { store, release, digest, log, onProgress = () => undefined } = settings;
  await mkdir(settings.scratchDir, { recursive: true });
  const dir = await mkdtemp(join(settings.scratchDir, 'model-'));
  let engine: Engine | undefined;
  try {
    onProgress(`downloading the model of ${release}`);
    const tar = await fetchModelTar({
      store,
      release,
      digest,
      dir,
      log,
      patienceMs: settings.patienceMs,
      signal: settings.signal,
    });
    onProgress(`verifying the model tar of ${release}`);
    const bundle = await openBundle(tar, digest, join(dir, 'bundle'));
    await rm(tar);
    onProgress(`loading the model of ${release}`);
    const { classes } = bundle.labels;
    engine = await startEngineOf(bundle, settings);
    onProgress(`replaying the golden cases of ${release}`);
    await replayGolden(engine, bundle.golden, classes);
    const started = engine;
    const close = async () => {
      await started.close();
      await rm(dir, removal);
    };
    return { engine, bundle, close };
  } catch (error) {
    await engine?.close();
    await rm(dir, removal);
    throw error;
  }
}

async function startEngineOf(bundle: Bundle, settings: LoadSettings): Promise<Engine> {
  try {
    return await startEngine({
      modelPath: bundle.modelPath,
      preprocessing: bundle.preprocessing,
      classes: bundle.labels.classes.length,
      workers: settings.workers,
      queueCapacity: settings.queueCapacity,
      ...settings.engine,
    });
  } catch (cause) {
    // A thread that could not start says nothing about the model: BadData would take the release back for good.
    if (!(cause instanceof ModelRefusedError)) throw cause;
    const message = cause.message.replace(/\s+/g, ' ');
    throw new StepError(
      'BadData',
      `The engine refuses model.onnx of ${settings.release}: ${message}.`,
      { cause },
    );
  }
}
