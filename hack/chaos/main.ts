import { parseArgs } from 'node:util';
import { type Figure, reportOf } from '../figures/report.ts';
import { table } from '../figures/table.ts';
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
  if (!['table', 'json'].includes(values.output)) throw new Error('-o takes json.');
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

function show({ rows, violations, neverStruck, counts, seconds }: Report): void {
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
  if (neverStruck.length > 0)
    process.stdout.write(
      `\n  Never struck, for lives that were shorter: ${neverStruck.join(', ')}\n`,
    );
  for (const fault of new Set(violations.map((each) => each.fault))) {
    const mine = violations.filter((each) => each.fault === fault);
    const again = fault === 'none' ? '' : `; again: make chaos ARGS='--only ${fault}'`;
    process.stdout.write(`\n  ${fault} (${mine[0]?.struck})${again}\n`);
    for (const { words } of mine) process.stdout.write(`    ${words}\n`);
  }
}

/** What never struck has shown nothing: a kind of which no fault did is a target missed. */
function figuresOf({ rows, violations, neverStruck, counts, seconds }: Report): Figure[] {
  const kindsTried = rows.filter(({ kind }) => kind !== 'none');
  const sum = (of: 'lives' | 'struck') => rows.reduce((total, row) => total + row[of], 0);
  const figure = (name: string, value: number, held: Partial<Figure> = {}): Figure => ({
    ...{ name, says: name, value, unit: '' },
    ...held,
  });
  return [
    figure('lives', sum('lives')),
    figure('faults', sum('struck'), { atLeast: 1 }),
    figure('neverStruck', neverStruck.length),
    figure('kinds', kindsTried.length),
    figure('kindsThatNeverStruck', kindsTried.filter(({ struck }) => struck === 0).length, {
      exactly: 0,
    }),
    figure('writesOfALife', counts.write),
    figure('requestsOfALife', counts.request),
    figure('violations', violations.length, { exactly: 0 }),
    figure('seconds', Math.round(seconds)),
  ];
}

function asked(): ReturnType<typeof options> {
  try {
    return options();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
}

const { quiet, ...chosen } = asked();
const shown = progress('chaos');
try {
  const report = await chaos({
    ...chosen,
    onProgress: (words) =>
      words.startsWith('VIOLATION') ? shown.done(words) : shown.update(words),
  });
  const figures = reportOf('chaos', figuresOf(report));
  if (!quiet) show(report);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(figures.met ? 0 : 1);
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : error}\n`);
  process.exit(2);
}
