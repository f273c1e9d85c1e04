/** `make bench-serving`: what an answer costs over HTTP, beside other servers of the same model. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../config.ts';
import { machineWords } from '../figures/machine.ts';
import { writeFound } from '../figures/page.ts';
import { type Figure, figuresTable, tellReport } from '../figures/report.ts';
import { among } from '../process/among.ts';
import { count } from '../process/count.ts';
import { phases, progress, since } from '../process/progress.ts';
import { answersOf, requireAlike } from './alike.ts';
import type { BenchModel, Contender } from './contender.ts';
import { defaultModel } from './default-model.ts';
import { ourService } from './ours.ts';
import { peer, peerNames } from './peers.ts';
import { benchPictures } from './pictures.ts';
import { type Round, runRound } from './round.ts';
import { smallModel, smallModelMacs } from './small-model.ts';
import { figuresOf, roundsTable } from './summary.ts';

const models = ['small', 'default'];
const contenders = ['ours', ...peerNames];

const usage = `usage: make bench-serving ARGS='[options]'
  --only LIST         some of ${contenders.join(',')} (default all)
  --models LIST       some of ${models.join(',')}: ${(smallModelMacs() / 1e6).toFixed(0)} million multiply-accumulates, and what \`train\` makes by default (default all)
  --connections LIST  of a round, one after the other (default 1,8,32); CPU is compared at the last
  --rounds N          of each contender, in turns (default 3)
  --seconds N         at each number of connections (default 5)
  --write             what was found into docs/performance.md

Every contender answers the same JPEGs (500 × 500, 38 KB) by the same ONNX file on two workers, over HTTP on loopback: ours with
a token that it checks, the peers without. Before the clock runs their answers are compared with ours. Requests hold a picture
alone: making n-grams of text would cost the peers, which are Python, more than us.`;

interface Settings {
  contenders: string[];
  connections: number[];
  rounds: number;
  seconds: number;
  pictures: Buffer[];
  config: Config;
  say: (text: string) => void;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: contenders.join(',') },
      models: { type: 'string', default: models.join(',') },
      connections: { type: 'string', default: '1,8,32' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const given = {
    contenders: among('--only', contenders, values.only),
    connections: values.connections.split(',').map((each) => count('--connections', each)),
    rounds: count('--rounds', values.rounds),
    seconds: count('--seconds', values.seconds),
  };
  const chosen = among('--models', models, values.models);
  const config = readConfig();
  const figures: Figure[] = [];
  const tables: string[] = [];
  const pictures = await benchPictures(16);
  for (const name of chosen) {
    const shown = progress(name);
    const started = performance.now();
    const settings = { ...given, pictures, config, say: phases(shown) };
    const found = await measured(name, settings);
    figures.push(...found.figures);
    tables.push(found.table);
    shown.done(`took ${since(started)}`);
  }
  if (values.write)
    await writeFound('bench-serving', {
      args: process.argv.slice(2),
      machine: machineWords(),
      tables: [...tables, figuresTable(figures)].join('\n\n'),
    });
  tellReport('bench-serving', figures);
}

interface Found {
  /** For people. */
  table: string;
  figures: Figure[];
}

async function measured(name: string, settings: Settings): Promise<Found> {
  const { pictures, config, say } = settings;
  const dir = await mkdtemp(join(tmpdir(), 'bench-serving-'));
  try {
    say('preparing the model');
    const model =
      name === 'small' ? await smallModel(dir, pictures) : await defaultModel(dir, config, say);
    const ours = await ourService(model, pictures, config.inherited);
    try {
      const rounds = await compared(model, ours, settings);
      const table = `  ${name} model\n\n${roundsTable(rounds)}`;
      process.stdout.write(`\n${table}\n`);
      return { table, figures: figuresOf(name, rounds) };
    } finally {
      await ours.remove();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function compared(
  model: BenchModel,
  ours: Contender,
  { contenders: names, connections, rounds, seconds, pictures, config, say }: Settings,
): Promise<Round[]> {
  const all: Contender[] = [];
  for (const name of names)
    all.push(
      name === 'ours'
        ? ours
        : await peer(name, model, pictures, { inherited: config.inherited, say }),
    );
  const own = await answersOf(ours);
  for (const contender of all) {
    if (contender === ours) continue;
    say(`comparing answers of ${contender.name} with ours`);
    requireAlike(contender.name, own, await answersOf(contender));
  }
  const found: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    // Whoever comes first in one round comes last in the next.
    const order = round % 2 === 1 ? all : all.toReversed();
    for (const contender of order) {
      say(`round ${round} of ${rounds}: ${contender.name}`);
      found.push(await runRound(contender, { connections, seconds }));
    }
  }
  return found;
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-serving: ${error.message}\n`);
  process.exitCode = 1;
});
