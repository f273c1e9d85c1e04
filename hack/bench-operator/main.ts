/** `make bench-operator`: the operator under load, on a real control plane with played nodes, beside its targets. */
import { parseArgs } from 'node:util';
import { type Figure, tellReport } from '../figures/report.ts';
import { among } from '../process/among.ts';
import { phases, progress, since } from '../process/progress.ts';
import { atRest } from './at-rest.ts';
import { burst } from './burst.ts';
import { toldCauses } from './causes.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { leader } from './leader.ts';
import { outage } from './outage.ts';

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
  leader: (environment, { quick, say }) =>
    leader(environment, { releases: 20, pauseMs: quick ? 30_000 : 60_000, say }),
  causes: (environment, { say, tell }) => toldCauses(environment, { say, tell }),
  outage: (environment, { scale, quick, say }) =>
    outage(environment, {
      releases: Math.ceil(200 * scale),
      awayMs: quick ? 30_000 : 300_000,
      say,
    }),
};

const usage = `usage: make bench-operator ARGS='[options]'
  --only LIST  some of ${Object.keys(parts).join(',')} (default all)
  --scale N    share of the targets' load: less is quicker, and shows whether it works (default 1)
  --quick      shorter rests, pauses and outages than the targets'`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(parts).join(',') },
      scale: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new Error(`--scale is ${values.scale}: give a number above 0.`);
  const chosen = among('--only', Object.keys(parts), values.only);
  const figures: Figure[] = [];
  for (const name of chosen)
    figures.push(...(await measured(name, parts[name] as Part, { scale, quick: values.quick })));
  if (scale < 1 || values.quick)
    figures.push({
      name: 'scale',
      says: `less than the targets' load${values.quick ? ', and shorter' : ''}: of it`,
      value: scale,
      unit: '×',
    });
  tellReport('bench-operator', figures);
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
      say: phases(shown),
      tell: (text) => void process.stdout.write(`\n  ${text}\n`),
    });
  } catch (error) {
    // The other parts are worth their figures all the same.
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    const says = `the part "${name}" did not come to its end`;
    return [{ name: `${name}Failed`, says, value: 1, unit: 'failures', exactly: 0 }];
  } finally {
    await environment.stop();
    shown.done(`took ${since(started)}`);
  }
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-operator: ${error.message}\n`);
  process.exitCode = 1;
});
