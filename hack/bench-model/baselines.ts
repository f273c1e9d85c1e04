import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../process/run.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';
import type { Truth } from './products.ts';
import { type Cost, type Run, score } from './run.ts';

export const baselines = ['majority', 'text-svc', 'picture-svc', 'early-fusion'] as const;

/**
 * Fits the baselines on what `writeProducts` left in `dir`, once for each seed.
 *
 * @returns runs, and what was tuned for each model, for people
 */
export async function runBaselines(
  dir: string,
  truth: readonly Truth[],
  { models, seeds, say }: { models: string[]; seeds: number; say: (text: string) => void },
): Promise<{ runs: Run[]; tuned: Map<string, string> }> {
  const environment = await pythonEnvironment(
    'bench-model',
    new URL('requirements.txt', import.meta.url),
    say,
  );
  const script = fileURLToPath(new URL('baselines.py', import.meta.url));
  const out = await run(
    join(environment, 'bin', 'python'),
    [script, dir, String(seeds), models.join(',')],
    { onLine: (line) => say(line.replace(/^baselines: /, '')) },
  );
  const answers: Answer[] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const runs = answers.map(({ model, seed, guesses, cost }) => ({
    model,
    seed,
    cost,
    ...score(truth, guesses),
  }));
  return { runs, tuned: new Map(answers.map(({ model, tuned }) => [model, tuned])) };
}

interface Answer {
  model: string;
  seed: number;
  tuned: string;
  cost: Cost;
  guesses: string[];
}
