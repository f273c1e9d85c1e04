import { median } from '../figures/median.ts';
import type { Figure } from '../figures/report.ts';
import { table } from '../figures/table.ts';
import type { Point, Round } from './round.ts';

/** What a model's rounds are held to, beside its peers and of its own CPU. */
interface ModelTargets {
  /** Requests per CPU second, as a multiple of the best of these peers. */
  ahead: { peers: string[]; atLeast: number; name: string }[];
  /** Share of our CPU in decoding and inference. */
  usefulPercent: number;
}

const modelTargets: Record<string, ModelTargets> = {
  small: {
    ahead: [
      { peers: ['fastapi', 'bentoml', 'litserve'], atLeast: 1.5, name: 'BestOfThree' },
      { peers: ['mosec'], atLeast: 1.25, name: 'Mosec' },
    ],
    usefulPercent: 85,
  },
  default: {
    ahead: [{ peers: ['fastapi', 'bentoml', 'litserve', 'mosec'], atLeast: 1, name: 'BestOfFour' }],
    usefulPercent: 92,
  },
};

/** For people: the medians over the rounds. */
export function roundsTable(rounds: readonly Round[]): string {
  const rows = [...Map.groupBy(rounds, ({ contender }) => contender)].flatMap(([name, own]) =>
    connectionsOf(own).map((connections, i) => {
      const at = (of: (point: Point) => number) =>
        median(own.map((round) => of(pointAt(round, connections))));
      return [
        i === 0 ? name : '',
        connections,
        at(({ requestsPerSecond }) => requestsPerSecond).toFixed(0),
        at(({ cpuMsPerRequest }) => cpuMsPerRequest).toFixed(2),
        at(({ p50 }) => p50).toFixed(1),
        at(({ p99 }) => p99).toFixed(1),
        i === 0 ? median(own.map(({ memoryMiB }) => memoryMiB)).toFixed(0) : '',
        i === 0 ? median(own.map(({ coldStartSeconds }) => coldStartSeconds)).toFixed(2) : '',
      ];
    }),
  );
  const heading = [
    '',
    'connections',
    'requests/s',
    'CPU ms each',
    'p50 ms',
    'p99 ms',
    'MiB',
    'cold s',
  ];
  return table([heading, ...rows]);
}

/** Ratios are taken round by round, as both sides of one saw the same machine; their median counts. */
export function figuresOf(model: string, rounds: readonly Round[]): Figure[] {
  const targets = modelTargets[model] as ModelTargets;
  const byContender = Map.groupBy(rounds, ({ contender }) => contender);
  const ours = byContender.get('ours') ?? [];
  const most = Math.max(...connectionsOf(rounds));
  const cpu = (round: Round) => pointAt(round, most).cpuMsPerRequest;
  const figures: Figure[] = [];
  for (const { peers, atLeast, name } of targets.ahead) {
    const there = peers.map((peer) => byContender.get(peer)).filter((found) => found !== undefined);
    if (there.length < peers.length || ours.length === 0) continue;
    const ratios = ours.map((own, i) => {
      const best = Math.min(...there.map((peer) => cpu(peer[i] as Round)));
      return best / cpu(own);
    });
    figures.push({
      name: `${model}PerCpuSecondBeside${name}`,
      says: `${model} model: requests per CPU second, beside ${peers.length > 1 ? 'the best of ' : ''}${peers.join(', ')}`,
      value: median(ratios),
      unit: '×',
      atLeast,
    });
  }
  for (const [contender, own] of byContender)
    figures.push({
      name: `${model}CpuMs${contender[0]?.toUpperCase()}${contender.slice(1)}`,
      says: `${model} model: CPU a request, ${contender}`,
      value: median(own.map(cpu)),
      unit: 'ms',
    });
  if (ours.length > 0) figures.push(...insideFigures(model, ours, most, targets));
  return figures;
}

function insideFigures(
  model: string,
  ours: readonly Round[],
  connections: number,
  { usefulPercent }: ModelTargets,
): Figure[] {
  const inside = ours.flatMap((round) => pointAt(round, connections).inside ?? []);
  const useful = inside.flatMap((each) => each.useful ?? []);
  const figures: Figure[] = [];
  if (useful.length > 0)
    figures.push({
      name: `${model}UsefulPercent`,
      says: `${model} model: our CPU in decoding and inference`,
      value: 100 * median(useful),
      unit: '%',
      digits: 1,
      atLeast: usefulPercent,
    });
  figures.push(
    {
      name: `${model}OffMainThreadPercent`,
      says: `${model} model: our CPU in other threads than the one that speaks HTTP`,
      value: 100 * median(inside.map(({ threads }) => threads)),
      unit: '%',
      digits: 1,
    },
    {
      name: `${model}ColdStartSeconds`,
      says: `${model} model: our cold start, download from a folder included`,
      value: median(ours.map(({ coldStartSeconds }) => coldStartSeconds)),
      unit: 's',
      atMost: 2,
    },
  );
  return figures;
}

const connectionsOf = (rounds: readonly Round[]) =>
  (rounds[0]?.points ?? []).map(({ connections }) => connections);

function pointAt({ points, contender }: Round, connections: number): Point {
  const found = points.find((point) => point.connections === connections);
  if (!found) throw new Error(`${contender} has no figures for ${connections} connections.`);
  return found;
}
