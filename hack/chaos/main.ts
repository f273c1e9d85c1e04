import { parseArgs } from 'node:util';
import { table } from '../demo/table.ts';
import { progress } from '../process/progress.ts';
import { chaos, type Report } from './chaos.ts';
import { type Kind, kinds, parseFault } from './faults.ts';

const usage = `usage: make chaos ARGS='[options]'
  --seed N        where faults strike of which not every place is tried (default 1)
  --only LIST     kinds, or single faults as in --only killed-before:17,watch-410
  --writes N|all  at how many writes operators are killed, and lose an answer (default all)
  --others N|all  at how many places each other kind strikes (default 6)
  --parallel N    lives at a time (default 8)
  -o json         nothing but the last line
Kinds: ${Object.keys(kinds).join(', ')}
`;

function options() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      writes: { type: 'string', default: 'all' },
      others: { type: 'string', default: '6' },
      parallel: { type: 'string', default: '8' },
      output: { type: 'string', short: 'o', default: 'table' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const number = (name: 'seed' | 'parallel' | 'writes' | 'others') => {
    if (!/^[1-9]\d{0,8}$/.test(values[name])) throw new Error(`--${name} must be a whole number.`);
    return Number(values[name]);
  };
  const places = (name: 'writes' | 'others') => (values[name] === 'all' ? 'all' : number(name));
  const only = values.only
    ?.split(',')
    .map((each) => (each in kinds ? (each as Kind) : parseFault(each)));
  return {
    seed: number('seed'),
    parallel: number('parallel'),
    writes: places('writes'),
    others: places('others'),
    quiet: values.output === 'json',
    ...(only ? { only } : {}),
  } as const;
}

function show({ rows, violations, counts, seconds }: Report): void {
  const sum = (of: 'lives' | 'struck' | 'violations') =>
    rows.reduce((total, row) => total + row[of], 0);
  const lines = rows.map(({ kind, lives, struck, violations: found }) => [
    ...[kind, kind === 'none' ? '' : kinds[kind], lives, struck, found],
  ]);
  const total = ['', '', sum('lives'), sum('struck'), sum('violations')];
  process.stdout.write(
    `${table([['fault', 'at a', 'lives', 'struck', 'violations'], ...lines, total])}\n`,
  );
  process.stdout.write(
    `\n  A life without faults has ${counts.write} writes, ${counts.request} requests and ${counts.event} watch events. ${Math.round(seconds)} s.\n`,
  );
  for (const fault of new Set(violations.map((each) => each.fault))) {
    const mine = violations.filter((each) => each.fault === fault);
    process.stdout.write(
      `\n  ${fault} (${mine[0]?.struck}); again: make chaos ARGS='--only ${fault}'\n`,
    );
    for (const { words } of mine) process.stdout.write(`    ${words}\n`);
  }
}

/** As every command of this project that shows a figure ends. */
function lastLine({ rows, violations, counts, seconds }: Report): string {
  const faulty = rows.filter(({ kind }) => kind !== 'none');
  const figures = {
    lives: rows.reduce((sum, { lives }) => sum + lives, 0),
    faults: faulty.reduce((sum, { struck }) => sum + struck, 0),
    kinds: faulty.length,
    ...{ writesOfALife: counts.write, requestsOfALife: counts.request },
    violations: violations.length,
    seconds: Math.round(seconds),
  };
  const targets = { violations: 0 };
  return JSON.stringify({ name: 'chaos', figures, targets, met: violations.length === 0 });
}

try {
  const { quiet, ...asked } = options();
  const shown = progress('chaos');
  const report = await chaos({
    ...asked,
    onProgress: (words) =>
      words.startsWith('VIOLATION') ? shown.done(words) : shown.update(words),
  });
  if (!quiet) show(report);
  process.stdout.write(`${lastLine(report)}\n`);
  process.exit(report.violations.length === 0 ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
  process.exit(2);
}
