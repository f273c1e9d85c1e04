import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../process/run.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';
import type { Task } from './ours.ts';
import type { Outcome } from './record.ts';
import { type Cost, score } from './run.ts';

export const baselines = ['majority', 'text-svc', 'picture-svc', 'early-fusion'] as const;

/**
 * Fits a baseline on what `writeProducts` left in the scratch folder, once for each seed.
 *
 * @returns for each seed the run, and what was tuned
 */
export async function runBaseline(
  { scratchDir, truth, say }: Pick<Task, 'scratchDir' | 'truth' | 'say'>,
  model: string,
  seeds: number,
): Promise<Outcome[]> {
  const environment = await pythonEnvironment(
    'bench-model',
    new URL('requirements.txt', import.meta.url),
    say,
  );
  const script = fileURLToPath(new URL('baselines.py', import.meta.url));
  const out = await run(
    join(environment, 'bin', 'python'),
    [script, join(scratchDir, 'products'), String(seeds), model],
    { onLine: (line) => say(line.replace(/^baselines: /, '')) },
  );
  const answers: Answer[] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return answers.map(({ seed, guesses, cost, tuned }) => ({
    runs: [{ model, seed, cost, ...score(truth, guesses) }],
    tuned,
  }));
}

interface Answer {
  model: string;
  seed: number;
  tuned: string;
  cost: Cost;
  guesses: string[];
}
