/** `make bench-model`: what the model is worth beside strong baselines, on data sets it was not tuned to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openStore, readSnapshot, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { type ArchitectureName, architectures } from '../../trainer/train/architectures.ts';
import { type Config, readConfig } from '../config.ts';
import { type Figure, tellReport } from '../figures/report.ts';
import { among } from '../process/among.ts';
import { count } from '../process/count.ts';
import { phases, progress, since } from '../process/progress.ts';
import { lastJson, run } from '../process/run.ts';
import { baselines, runBaseline } from './baselines.ts';
import { runOurs, type Task } from './ours.ts';
import { writeProducts } from './products.ts';
import { type Fit, type FitRecord, type Outcome, openRecord } from './record.ts';
import type { Run } from './run.ts';
import { figuresOf, runsTable } from './summary.ts';

/** Enough held-out products that a difference of .03 is none of chance; a tenth would be 290 of the icons. */
const holdoutPercent = 20;

const sets = ['pictograms', 'icons', 'icons-unnamed'];
const ours = Object.keys(architectures) as ArchitectureName[];
const models: string[] = [...baselines, ...ours];

const usage = `usage: make bench-model ARGS='[options]'
  --seeds N      how often each model is fitted (default 5)
  --sets LIST    some of ${sets.join(',')} (default all)
  --models LIST  some of ${models.join(',')} (default all)
  --size N       only N products of each set: shows whether it works; its figures mean nothing
  --record FILE  finished fits are kept in it, and those that are in it already not done again

conv-fusion is to be first on every set: above each other model by more than the seeds' spread, and above the early fusion
by .03 where that leaves room for it (macro F1 below .90). In "icons" the names say most categories themselves.`;

interface Options {
  seeds: number;
  models: string[];
  size: number | undefined;
  record: FitRecord;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '5' },
      sets: { type: 'string', default: sets.join(',') },
      models: { type: 'string', default: models.join(',') },
      size: { type: 'string' },
      record: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const config = readConfig();
  const options: Options = {
    seeds: count('--seeds', values.seeds),
    models: among('--models', models, values.models),
    size: values.size === undefined ? undefined : count('--size', values.size),
    record: openRecord(values.record, await commit()),
  };
  const figures: Figure[] = [];
  const chosen = among('--sets', sets, values.sets);
  for (const set of sets.filter((each) => chosen.includes(each)))
    figures.push(...(await measured(set, options, config)));
  for (const [by, fits] of options.record.reused())
    process.stdout.write(`  ${fits} fits were found in ${values.record}, done by ${by}\n`);
  tellReport('bench-model', figures);
}

async function commit(): Promise<string> {
  return (await run('git', ['describe', '--always', '--dirty'])).trim();
}

/** One data set, one split, every model. */
async function measured(
  set: string,
  { seeds, models, size, record }: Options,
  config: Config,
): Promise<Figure[]> {
  const shown = progress(set);
  const started = performance.now();
  const scratchDir = await mkdtemp(join(tmpdir(), 'bench-model-'));
  try {
    const task = await prepare(set, size, { config, scratchDir, say: phases(shown) });
    const runs: Run[] = [];
    const tuned = new Map<string, string>();
    const take = (model: string, outcome: Outcome) => {
      runs.push(...outcome.runs);
      if (outcome.tuned) tuned.set(model, outcome.tuned);
    };
    for (const model of models)
      for (const { fits, work } of fitsOf(model, seeds, task)) {
        const known = fits.map((fit) => record.find(fit));
        const outcomes = known.every((each) => each !== undefined) ? known : await work();
        outcomes.forEach((outcome, i) => {
          take(model, outcome);
          if (!known[i]) record.add(fits[i] as Fit, outcome);
        });
      }
    shown.done(`took ${since(started)}`);
    process.stdout.write(`\n  ${heading(set, task, seeds)}\n\n${runsTable(runs)}\n`);
    for (const [model, settings] of tuned)
      process.stdout.write(`  ${model}: ${settings}, by cross-validation\n`);
    return figuresOf(set, runs);
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** What is fitted at a time: a baseline with all its seeds, which are tuned once, and one of ours with each. */
function fitsOf(
  model: string,
  seeds: number,
  task: Task,
): { fits: Fit[]; work: () => Promise<Outcome[]> }[] {
  const { digest: dataset } = task.snapshot;
  const fits = Array.from({ length: seeds }, (_, seed) => ({ dataset, model, seed }));
  if (!isOurs(model)) return [{ fits, work: () => runBaseline(task, model, seeds) }];
  return fits.map((fit) => ({
    fits: [fit],
    work: async () => [{ runs: await runOurs(task, model, fit.seed) }],
  }));
}

function isOurs(model: string): model is ArchitectureName {
  return (ours as string[]).includes(model);
}

/** The set in a store of its own, and its products as the baselines read them. */
async function prepare(
  set: string,
  size: number | undefined,
  { config, scratchDir, say }: Pick<Task, 'config' | 'scratchDir' | 'say'>,
): Promise<Task> {
  const [data, storeUrl] = ['data', 'store'].map((name) => `${pathToFileURL(scratchDir)}/${name}`);
  const env = config.inherited;
  const only = size === undefined ? [] : ['--size', String(size)];
  say('drawing pictures');
  await run('node', ['hack/demo-data/main.ts', '--set', set, '--to', String(data), ...only], {
    env,
  });
  say('taking a snapshot');
  const where = ['--from', String(data), '--store', String(storeUrl)];
  const split = ['--holdout-percent', String(holdoutPercent)];
  const out = await run('node', ['trainer/main.ts', 'snapshot', ...where, ...split], { env });
  const { dataset } = lastJson(out);
  const store = openStore(String(storeUrl), storeSettingsFromEnv(env));
  const snapshot = await readSnapshot(store, dataset);
  say('decoding pictures for the baselines');
  const truth = await writeProducts(store, snapshot, join(scratchDir, 'products'));
  return { config, storeUrl: String(storeUrl), snapshot, truth, scratchDir, say };
}

function heading(set: string, { snapshot }: Task, seeds: number): string {
  const { train, holdout } = snapshot.counts;
  const of = `${train} products to learn from, ${holdout} held out, ${snapshot.classes.length} classes`;
  return `${set}: ${of}; means over ${seeds} seed${seeds === 1 ? '' : 's'} ± half their range`;
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-model: ${error.message}\n`);
  process.exitCode = 1;
});
