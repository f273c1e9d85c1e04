import {
  openStore,
  readManifest,
  type Sample,
  type Snapshot,
  type Store,
  samples,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { defaultWorkers } from '@shelfwise/trainer-contract/cpu-quota';
import { pino } from 'pino';
import type { Engine } from '../../inference/engine/engine.ts';
import { ItemError } from '../../inference/engine/errors.ts';
import type { Item } from '../../inference/engine/item.ts';
import { loadModel } from '../../inference/model/load.ts';
import type { ArchitectureName } from '../../trainer/train/architectures.ts';
import type { Config } from '../config.ts';
import { type Measured, runMeasured } from '../process/measured.ts';
import { phaseWords } from '../process/progress-line.ts';
import type { Truth } from './products.ts';
import { type Cost, type Guesses, type Run, score } from './run.ts';

/** What of a product a model is shown. Its answers to the first are those that serving gives. */
const views: Record<string, (sample: Sample) => Item> = {
  '': ({ designation, description, picture }) => ({ designation, description, picture }),
  ', text alone': ({ designation, description }) => ({ designation, description, picture: null }),
  ', picture alone': ({ picture }) => ({ designation: null, description: null, picture }),
};

export interface Task {
  config: Config;
  storeUrl: string;
  snapshot: Snapshot;
  truth: readonly Truth[];
  scratchDir: string;
  say: (text: string) => void;
}

/**
 * Trains one architecture by the command that a Job runs, and asks its release as serving would, in worker threads of
 * onnxruntime: with all that a product has, with its text alone, with its picture alone.
 */
export async function runOurs(task: Task, model: ArchitectureName, seed: number): Promise<Run[]> {
  const release = `${model}-${seed}`;
  task.say(`${model}: seed ${seed}, training`);
  const measured = await train(task, model, seed, release);
  const store = openStore(task.storeUrl, storeSettingsFromEnv(task.config.inherited));
  const runs: Run[] = [];
  for (const [view, guesses] of await ask(task, store, release))
    runs.push({
      model: model + view,
      seed,
      ...score(task.truth, guesses),
      cost: view === '' ? costOf(measured) : null,
    });
  return runs;
}

function train(
  { config, storeUrl, snapshot, say }: Task,
  model: ArchitectureName,
  seed: number,
  release: string,
): Promise<Measured> {
  const options = { '--architecture': model, '--seed': String(seed), '--release': release };
  const where = { '--store': storeUrl, '--dataset': snapshot.digest };
  return runMeasured(
    ['trainer/main.ts', 'train', ...Object.entries({ ...where, ...options }).flat()],
    {
      env: config.inherited,
      onProgress: (event) => say(`${model}: seed ${seed}, ${phaseWords(event)}`),
    },
  );
}

/** Decoding and the backbone come first and are the same for every seed; all the rest is the fit, our own validation included. */
function costOf({ usage, phases }: Measured): Cost {
  const features = phases.filter(({ name }) => name.startsWith('features'));
  const sum = (of: 'seconds' | 'cpuSeconds') =>
    features.reduce((total, phase) => total + phase[of], 0);
  return {
    featureSeconds: sum('seconds'),
    featureCpuSeconds: sum('cpuSeconds'),
    fitSeconds: usage.seconds - sum('seconds'),
    fitCpuSeconds: usage.cpuSeconds - sum('cpuSeconds'),
  };
}

async function ask(
  { snapshot, truth, scratchDir, say }: Task,
  store: Store,
  release: string,
): Promise<[string, Guesses][]> {
  const workers = defaultWorkers(Number.POSITIVE_INFINITY);
  const { tar } = await readManifest(store, release);
  const model = await loadModel({
    store,
    release,
    digest: tar.sha256,
    scratchDir,
    workers,
    queueCapacity: Number.POSITIVE_INFINITY,
    patienceMs: 0,
    log: pino({ level: 'silent' }),
  });
  const asked: [string, Guesses][] = [];
  try {
    for (const [view, show] of Object.entries(views)) {
      say(`${release}${view}: asking for ${truth.length} held-out products`);
      const answers: Promise<string | null>[] = [];
      for await (const sample of samples(store, snapshot, 'holdout', { scratchDir })) {
        // The tenth before it: so that neither the engine waits nor all pictures lie in memory.
        await answers.at(-10 * workers);
        answers.push(guess(model.engine, model.bundle.labels.classes, show(sample)));
      }
      asked.push([view, await Promise.all(answers)]);
    }
  } finally {
    await model.close();
  }
  return asked;
}

/** The likeliest class; null for a product that offers nothing to go by. */
async function guess(engine: Engine, classes: string[], item: Item): Promise<string | null> {
  try {
    const { combined } = await engine.predict(item);
    return classes[combined.indexOf(Math.max(...combined))] ?? null;
  } catch (error) {
    if (error instanceof ItemError && error.fault === 'empty') return null;
    throw error;
  }
}
