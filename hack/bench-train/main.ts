/** `make bench-train`: what training costs: a step beside Keras, the wait for its input, memory at any size. */
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../config.ts';
import { type Figure, tellReport } from '../figures/report.ts';
import { among } from '../process/among.ts';
import { count } from '../process/count.ts';
import { phases, progress, since } from '../process/progress.ts';
import { input } from './input.ts';
import { memory } from './memory.ts';
import { steps } from './steps.ts';

interface Settings {
  config: Config;
  rounds: number;
  steps: number;
  sizes: [number, number];
  say: (text: string) => void;
  tell: (text: string) => void;
}

type Part = (settings: Settings) => Promise<Figure[]>;

const parts: Record<string, Part> = {
  steps,
  input: ({ say, steps }) => input({ epochs: Math.ceil(steps / 10), say }),
  memory,
};

const usage = `usage: make bench-train ARGS='[options]'
  --only LIST    some of ${Object.keys(parts).join(',')} (default all)
  --rounds N     rounds of each side of steps (default 9)
  --steps N      steps of a round; input fits an epoch of 32 steps for ten of them (default 40)
  --products N,M sizes of the catalogues of memory (default 5000,85000)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(parts).join(',') },
      rounds: { type: 'string', default: '9' },
      steps: { type: 'string', default: '40' },
      products: { type: 'string', default: '5000,85000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const [smaller, larger] = values.products.split(',').map((value) => count('--products', value));
  if (smaller === undefined || larger === undefined || smaller >= larger)
    throw new Error(`--products is ${values.products}: give two sizes, the smaller one first.`);
  const settings = {
    config: readConfig(),
    rounds: count('--rounds', values.rounds),
    steps: count('--steps', values.steps),
    sizes: [smaller, larger] as [number, number],
    tell: (text: string) => void process.stdout.write(`\n${text}\n`),
  };
  const chosen = among('--only', Object.keys(parts), values.only);
  const figures: Figure[] = [];
  for (const name of chosen) {
    const part = parts[name] as Part;
    const shown = progress(name);
    const started = performance.now();
    figures.push(...(await part({ ...settings, say: phases(shown) })));
    shown.done(`took ${since(started)}`);
  }
  tellReport('bench-train', figures);
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-train: ${error.message}\n`);
  process.exitCode = 1;
});
