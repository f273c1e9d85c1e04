import type { Figure } from '../figures/report.ts';
import { table } from '../figures/table.ts';
import type { Run } from './run.ts';

export interface Spread {
  mean: number;
  /** Of the seeds: from the least to the most. */
  range: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, range: Math.max(...values) - Math.min(...values) };
}

/** Runs of one data set as rows for people: mean ± half the range over seeds. */
export function runsTable(runs: readonly Run[]): string {
  const rows = [...Map.groupBy(runs, ({ model }) => model)].map(([model, own]) => {
    const costs = own.flatMap(({ cost }) => cost ?? []);
    const seconds = (of: keyof (typeof costs)[number], choose: (values: number[]) => number) =>
      costs.length === 0 ? '' : choose(costs.map((cost) => cost[of])).toFixed(1);
    const mean = (values: number[]) => spreadOf(values).mean;
    // Later seeds may find features in the store's cache.
    const most = (values: number[]) => Math.max(...values);
    return [
      model,
      shown(spreadOf(own.map(({ accuracy }) => accuracy))),
      shown(spreadOf(own.map(({ macroF1 }) => macroF1))),
      seconds('fitSeconds', mean),
      seconds('fitCpuSeconds', mean),
      seconds('featureSeconds', most),
      seconds('featureCpuSeconds', most),
    ];
  });
  const heading = ['model', 'accuracy', 'macro F1', 'fit s', 'CPU s', 'features s', 'CPU s'];
  return table([heading, ...rows]);
}

function shown({ mean, range }: Spread): string {
  return `${mean.toFixed(3)}${range > 0 ? ` ± ${(range / 2).toFixed(3)}` : ''}`;
}

/** Where the early fusion is better than this, little is left to be better by. */
const roomBelow = 0.9;
const lead = 0.03;

/** What the runs of a data set are held to. Says nothing of a model that was not run. */
export function figuresOf(set: string, runs: readonly Run[]): Figure[] {
  const of = (model: string) => runs.filter((run) => run.model === model);
  const figures: Figure[] = [];
  for (const [model, own] of Map.groupBy(runs, (run) => run.model)) {
    const name = camel(`${set} ${model}`);
    const spread = spreadOf(own.map(({ macroF1 }) => macroF1));
    figures.push({ name: `${name}F1`, says: `${set}: macro F1, ${model}`, ...plain(spread.mean) });
  }
  const ours = of('conv-fusion');
  const fusion = of('early-fusion');
  const room = fusion.length > 0 && spreadOf(fusion.map(({ macroF1 }) => macroF1)).mean < roomBelow;
  figures.push(
    ...leadOver(set, ours, { rival: 'early-fusion', runs: fusion, least: room ? lead : 0 }),
    // First means ahead of each: a text alone can be ahead of the early fusion.
    ...['text-svc', 'picture-svc', 'lstm-cnn'].flatMap((rival) =>
      leadOver(set, ours, { rival, runs: of(rival), least: 0 }),
    ),
  );
  const cost = [fitCpuSeconds(ours), fitCpuSeconds(of('lstm-cnn'))];
  if (cost[0] !== undefined && cost[1] !== undefined)
    figures.push({
      name: camel(`${set} fit time`),
      says: `${set}: CPU of a fit, conv-fusion against lstm-cnn`,
      value: cost[0] / cost[1],
      unit: '×',
      atMost: 1,
    });
  return figures;
}

/** The difference of the means, and what is left of it after the spread of the seeds, of both models the larger. */
function leadOver(
  set: string,
  ours: readonly Run[],
  { rival, runs, least }: { rival: string; runs: readonly Run[]; least: number },
): Figure[] {
  if (ours.length === 0 || runs.length === 0) return [];
  const [own, theirs] = [ours, runs].map((all) => spreadOf(all.map(({ macroF1 }) => macroF1))) as [
    Spread,
    Spread,
  ];
  const above = own.mean - theirs.mean;
  const name = camel(`${set} lead over ${rival}`);
  // Said where it is read: that less is asked for is no secret of this file.
  const near =
    rival === 'early-fusion' && least === 0
      ? ` (at ${theirs.mean.toFixed(2)}, no room for ${lead})`
      : '';
  const says = `${set}: macro F1, conv-fusion above ${rival}${near}`;
  return [
    { name, says, value: above, unit: '', digits: 3, atLeast: least },
    {
      name: `${name}BeyondSpread`,
      says: `${says}, less the seeds' spread`,
      value: above - Math.max(own.range, theirs.range),
      unit: '',
      digits: 3,
      atLeast: 0,
    },
  ];
}

function fitCpuSeconds(runs: readonly Run[]): number | undefined {
  const costs = runs.flatMap(({ cost }) => cost?.fitCpuSeconds ?? []);
  return costs.length === 0 ? undefined : spreadOf(costs).mean;
}

function plain(value: number) {
  return { value, unit: '', digits: 3 };
}

function camel(words: string): string {
  return words
    .replaceAll(/[^a-zA-Z0-9]+(\w)/g, (_, first: string) => first.toUpperCase())
    .replace(/^\w/, (first) => first.toLowerCase());
}
