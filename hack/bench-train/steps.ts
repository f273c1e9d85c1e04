/** What a step takes: ours in tfjs beside the same models in Keras, on the same TensorFlow, taking turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { median } from '../figures/median.ts';
import type { Figure } from '../figures/report.ts';
import { table } from '../figures/table.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';
import { rakuten, writeBatches } from './batches.ts';
import { lstmShapes, writeLstmBatches } from './lstm-batches.ts';
import { type Round, type RoundSettings, type Side, startSide } from './rounds.ts';

export interface StepsSettings {
  config: Config;
  rounds: number;
  steps: number;
  say: (text: string) => void;
  tell: (text: string) => void;
}

/** What is compared. */
export interface Model {
  name: string;
  /** In the names of its figures. */
  id: string;
  /** Products of a batch. */
  size: number;
  says: string;
  settings: Omit<RoundSettings, 'steps'>;
  write(dir: string): Promise<void>;
  ours: string;
  theirs: string;
  /** Whether Keras is measured with XLA, too. */
  jit: boolean;
}

const { size, tokens, classes, rows: buckets } = rakuten;
const convFusion: Model = {
  name: 'conv-fusion',
  id: 'convFusion',
  size,
  says: `batches of ${size}, ${tokens} tokens, ${classes} classes, ${buckets} buckets`,
  settings: { warmup: 5, learningRate: 0.04, decay: 1e-5 },
  write: (dir) => writeBatches(dir, rakuten),
  ours: 'conv-fusion.ts',
  theirs: 'conv_fusion.py',
  jit: true,
};
const lstmCnn: Model = {
  name: 'lstm-cnn',
  id: 'lstmCnn',
  size: lstmShapes.size,
  says: `batches of ${lstmShapes.size}, ${lstmShapes.words} words, pictures of ${lstmShapes.side} pixels, ${lstmShapes.classes} classes`,
  // The smaller the rate, the less a difference in the seventh digit grows over the steps.
  settings: { warmup: 5, learningRate: 0.0002, decay: 0 },
  write: writeLstmBatches,
  ours: 'lstm-cnn.ts',
  theirs: 'lstm_cnn.py',
  jit: false,
};

/** The order of sums differs, and 40 steps of Adam make the most of it; another model differs in the first digit. */
const sameLoss = 1e-3;

export async function steps(given: StepsSettings): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const model of [convFusion, lstmCnn]) figures.push(...(await compare(model, given)));
  return figures;
}

async function compare(model: Model, given: StepsSettings): Promise<Figure[]> {
  const { config, say, rounds } = given;
  const python = join(
    await pythonEnvironment('bench-train', new URL('requirements.txt', import.meta.url), say),
    'bin',
    'python',
  );
  const dir = await mkdtemp(join(tmpdir(), 'bench-train-'));
  const sides: Side[] = [];
  try {
    await model.write(dir);
    const env = { ...config.inherited, ...threads() };
    const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const theirs = [python, script(model.theirs), dir];
    for (const [name, command] of [
      ['tfjs', [process.execPath, script(model.ours), dir]],
      ['keras', theirs],
      ...(model.jit ? [['keras-jit', [...theirs, 'jit']] as const] : []),
    ] as const) {
      say(`${model.name}: starting ${name}`);
      sides.push(await startSide(name, [...command], env));
    }
    const taken = new Map(sides.map(({ name }) => [name, [] as Round[]]));
    // Round 0 is where a side traces, compiles and fills its pools of memory.
    for (let round = 0; round <= rounds; round++)
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        say(`${model.name}: round ${round} of ${rounds}: ${side.name}`);
        const done = await side.round({ ...model.settings, steps: given.steps });
        if (round > 0) taken.get(side.name)?.push(done);
      }
    given.tell(roundsTable(model, taken, given.steps));
    return figuresOf(model, taken, given.steps);
  } finally {
    await Promise.all(sides.map((side) => side.close()));
    await rm(dir, { recursive: true, force: true });
  }
}

/** TensorFlow's pools on both sides, by the environment that both read. */
function threads() {
  const count = String(availableParallelism());
  return {
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: count,
    OMP_NUM_THREADS: count,
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
}

function roundsTable(model: Model, taken: Map<string, Round[]>, steps: number): string {
  const rows = [...taken].map(([name, rounds]) => {
    const each = (of: 'seconds' | 'cpuSeconds') =>
      ((median(rounds.map((round) => round[of])) / steps) * 1000).toFixed(1);
    const items = (model.size * steps) / median(rounds.map(({ seconds }) => seconds));
    return [
      `${model.name}, ${name}`,
      items.toFixed(0),
      each('seconds'),
      each('cpuSeconds'),
      (rounds[0]?.loss ?? Number.NaN).toPrecision(7),
    ];
  });
  return `${model.says}\n${table([['step', 'items/s', 'ms', 'CPU ms', 'loss'], ...rows])}`;
}

/** Ratios of the medians; each round has its neighbours of the other sides right before and after it. */
export function figuresOf(
  model: Pick<Model, 'name' | 'id' | 'size'>,
  taken: Map<string, Round[]>,
  steps: number,
): Figure[] {
  const ours = taken.get('tfjs') ?? [];
  const figures: Figure[] = [
    {
      name: `${model.id}ItemsPerSecond`,
      says: `${model.name}: a step of ours`,
      value: (model.size * steps) / median(ours.map(({ seconds }) => seconds)),
      unit: 'items/s',
    },
  ];
  for (const [name, rounds] of taken) {
    if (rounds === ours) continue;
    const ratio = (of: 'seconds' | 'cpuSeconds') =>
      median(ours.map((round) => round[of])) / median(rounds.map((round) => round[of]));
    const id = `${model.id}${name === 'keras' ? 'Keras' : 'KerasJit'}`;
    const against = `${model.name}: ours against ${name === 'keras' ? 'Keras' : 'Keras with XLA'}`;
    figures.push(
      {
        name: `${id}Time`,
        says: `${against}, time`,
        value: ratio('seconds'),
        unit: '×',
        atMost: 1,
      },
      { name: `${id}Cpu`, says: `${against}, CPU`, value: ratio('cpuSeconds'), unit: '×' },
      {
        name: `${id}SameLoss`,
        says: `${against}, greatest difference of losses`,
        value: Math.max(...rounds.map((round, i) => difference(round, ours[i]))),
        unit: '',
        digits: 6,
        atMost: sameLoss,
      },
    );
  }
  return figures;
}

function difference(a: Round, b: Round | undefined): number {
  return b ? Math.abs(a.loss - b.loss) / b.loss : Number.NaN;
}
