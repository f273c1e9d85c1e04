/** `make bench-overload`: what the service does with more than it can do, and without what it can do without. */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { machineWords } from '../figures/machine.ts';
import { writeFound } from '../figures/page.ts';
import { type Figure, figuresTable, tellReport } from '../figures/report.ts';
import { among } from '../process/among.ts';
import { count } from '../process/count.ts';
import { phases, progress, since } from '../process/progress.ts';
import { type Capacity, findCapacity } from './capacity.ts';
import { logins } from './logins.ts';
import { outages } from './outages.ts';
import { surge } from './surge.ts';
import { sustained } from './sustained.ts';
import { startWorld, type World } from './world.ts';

interface Settings {
  minutes: number;
  seconds: number;
  rounds: number;
  say: (text: string) => void;
}

type Part = (world: World, capacity: Capacity, settings: Settings) => Promise<Figure[]>;

const parts: Record<string, Part> = { sustained, surge, logins, outages };

const usage = `usage: make bench-overload ARGS='[options]'
  --only LIST  some of ${Object.keys(parts).join(',')} (default all)
  --minutes N  at 0.8 × peak (default 1; the promise is about 30)
  --seconds N  of everything else (default 20)
  --rounds N   of what is compared (default 3)
  --write      what was found into docs/performance.md

The service is pinned to one core and has one worker; who asks is pinned to another. Requests come when they are due, whether or
not earlier ones are answered, and their time counts from when they were due.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(parts).join(',') },
      minutes: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const chosen = among('--only', Object.keys(parts), values.only);
  const given = {
    minutes: count('--minutes', values.minutes),
    seconds: count('--seconds', values.seconds),
    rounds: count('--rounds', values.rounds),
  };
  const shown = progress('capacity');
  const world = await startWorld(readConfig(), phases(shown));
  try {
    const started = performance.now();
    const { capacity, figures } = await findCapacity(world, {
      rounds: given.rounds,
      seconds: Math.ceil(given.seconds / 2),
    });
    shown.done(`took ${since(started)}`);
    for (const name of chosen) {
      const own = progress(name);
      const begun = performance.now();
      const part = parts[name] as Part;
      figures.push(...(await part(world, capacity, { ...given, say: phases(own) })));
      own.done(`took ${since(begun)}`);
    }
    figures.push(...generatorFigures(world));
    if (values.write)
      await writeFound('bench-overload', {
        args: process.argv.slice(2),
        machine: machineWords(),
        tables: figuresTable(figures),
      });
    tellReport('bench-overload', figures);
  } finally {
    await world.stop();
  }
}

/** A generator that is at its end measures itself. */
function generatorFigures(world: World): Figure[] {
  return [
    {
      name: 'generatorBusyPercent',
      says: 'share of its core that the generator took, at most',
      value: 100 * world.generatorBusy(),
      unit: '%',
      atMost: 90,
    },
    {
      name: 'generatorLateP99Ms',
      says: 'p99 by which it sent later than meant, at most',
      value: world.generatorLate(),
      unit: 'ms',
    },
  ];
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-overload: ${error.message}\n`);
  process.exitCode = 1;
});
