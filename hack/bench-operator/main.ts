/** `make bench-operator`: the operator under load, on a real control plane with played nodes, beside its targets. */
import { parseArgs } from 'node:util';
import { progress, since } from '../process/progress.ts';
import { atRest } from './at-rest.ts';
import { burst } from './burst.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { type Figure, figuresTable, reportOf } from './report.ts';

interface Settings {
  /** 1: the load of the targets; less is quicker and shows whether it works. */
  scale: number;
  /** Shorter rests and outages. */
  quick: boolean;
  say: (text: string) => void;
  tell: (text: string) => void;
}

type Part = (environment: Environment, settings: Settings) => Promise<Figure[]>;

const parts: Record<string, Part> = {
  rest: (environment, { scale, quick, say }) =>
    atRest(environment, {
      releases: Math.ceil(1000 * scale),
      runs: 10,
      restMs: quick ? 20_000 : 90_000,
      say,
    }),
  burst: (environment, { scale, say, tell }) =>
    burst(environment, { releases: Math.ceil(200 * scale), say, tell }),
};

const usage = `usage: make bench-operator ARGS='[--only ${Object.keys(parts).join(',')}] [--scale 0.1] [--quick]'`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      scale: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new Error(`--scale is ${values.scale}: give a number above 0.`);
  const chosen = values.only?.split(',') ?? Object.keys(parts);
  const figures: Figure[] = [];
  for (const name of chosen) {
    const part = parts[name];
    if (!part) throw new Error(`There is no part "${name}": ${usage}`);
    figures.push(...(await measured(name, part, { scale, quick: values.quick })));
  }
  const report = reportOf('bench-operator', figures);
  process.stdout.write(`\n${figuresTable(figures)}\n\n${JSON.stringify(report)}\n`);
  if (!report.met) process.exitCode = 1;
}

/** Each part has a cluster of its own, so that none is measured on what another left. */
async function measured(
  name: string,
  part: Part,
  settings: Omit<Settings, 'say' | 'tell'>,
): Promise<Figure[]> {
  const shown = progress(name);
  const started = performance.now();
  shown.update('starting a control plane');
  const environment = await startEnvironment();
  try {
    return await part(environment, {
      ...settings,
      say: shown.update,
      tell: (text) => void process.stdout.write(`\n  ${text}\n`),
    });
  } finally {
    await environment.stop();
    shown.done(`took ${since(started)}`);
  }
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-operator: ${error.message}\n`);
  process.exitCode = 1;
});
