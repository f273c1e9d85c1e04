/** Lives one ModelRelease without faults, then one for each fault, and has the oracles judge each. */
import { chartRules, grantedBy } from '../chart/rbac.ts';
import { inParallel } from '../process/in-parallel.ts';
import type { Evidence } from './evidence.ts';
import { type Fault, type Kind, kinds, nameOf } from './faults.ts';
import { type Lived, live, liveStraight, StoryStopped } from './life.ts';
import { judge } from './oracles.ts';
import { plan, seeded } from './plan.ts';
import { startWorld, type World } from './world.ts';

export interface ChaosOptions {
  seed: number;
  parallel: number;
  writes: number | 'all';
  others: number | 'all';
  without?: Kind[];
  /** These faults, or all that are planned of these kinds; all, if not said otherwise. */
  only?: (Fault | Kind)[];
  onProgress?: (words: string) => void;
}

export interface Row {
  kind: Kind | 'none';
  /** Lives, and those of them that came so far that the fault struck. */
  lives: number;
  struck: number;
  violations: number;
}

export interface Violation {
  /** Its name is how to repeat it. */
  fault: string;
  struck: string;
  words: string;
}

export interface Report {
  rows: Row[];
  violations: Violation[];
  /** Faults that struck no life, however early. */
  neverStruck: string[];
  /** Of the life without faults. */
  counts: { write: number; request: number; event: number };
  seconds: number;
}

export async function chaos(options: ChaosOptions): Promise<Report> {
  const { onProgress = () => undefined } = options;
  const started = performance.now();
  onProgress('starting an API server and its nodes');
  const world = await startWorld();
  try {
    return await judgeAll(world, { ...options, onProgress }, started);
  } finally {
    await world.stop();
  }
}

async function judgeAll(
  world: World,
  options: ChaosOptions & { onProgress: (words: string) => void },
  started: number,
): Promise<Report> {
  const { onProgress, parallel } = options;
  const granted = grantedBy(await chartRules());
  onProgress('a life without faults, and a straight one');
  const [first, straightChildren] = await Promise.all([
    live(world, 'without-faults'),
    liveStraight(world, 'straight'),
  ]);
  const whole = (lived: Lived): Evidence => ({ ...lived, straightChildren, granted });
  const reference = whole(first);
  const counts = {
    write: Math.max(...first.requests.map(({ write = 0 }) => write)),
    request: first.requests.length,
    event: first.watchEvents,
  };
  const report: Report = { rows: [], violations: [], neverStruck: [], counts, seconds: 0 };
  const rowOf = (kind: Row['kind']): Row => {
    const known = report.rows.find((row) => row.kind === kind);
    const row = known ?? { kind, lives: 0, struck: 0, violations: 0 };
    if (!known) report.rows.push(row);
    return row;
  };
  const note = (kind: Row['kind'], fault: string, struck: string | undefined, found: string[]) => {
    const row = rowOf(kind);
    row.lives++;
    if (struck !== undefined) row.struck++;
    else if (kind !== 'none') report.neverStruck.push(fault);
    row.violations += found.length;
    for (const words of found) {
      report.violations.push({ fault, struck: struck ?? 'nothing', words });
      onProgress(`VIOLATION ${fault}: ${words}`);
    }
  };
  note('none', 'none', undefined, judge(reference, reference));

  const faults = chosen(options, counts);
  let done = 0;
  const judged = (namespace: string, fault?: Fault) =>
    live(world, namespace, fault, reference.state).then(
      (life) => ({ ...life, found: judge(whole(life), reference) }),
      (error) => ({
        struck: error instanceof StoryStopped ? error.struck : undefined,
        seconds: Number.NaN,
        found: [`the story went no further: ${error.message}`],
      }),
    );
  await inParallel([undefined, ...faults], parallel, async (planned) => {
    const namespace = `life-${planned ? nameOf(planned).replace(':', '-') : 'none'}`;
    let fault = planned;
    let lived = await judged(namespace, fault);
    // On a machine that does much else the counted life was a long one: what comes too late for another strikes one earlier.
    while (fault && fault.nth > 1 && lived.struck === undefined && lived.found.length === 0) {
      fault = { ...fault, nth: Math.ceil(fault.nth / 2) };
      lived = await judged(`${namespace}-at-${fault.nth}`, fault);
    }
    const name = fault ? nameOf(fault) : 'none';
    note(fault?.kind ?? 'none', name, lived.struck, lived.found);
    done++;
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    onProgress(
      `${done} of ${faults.length + 1} lives, ${report.violations.length} violations, ${minutes} min; last ${name} (${Math.round(lived.seconds)} s)`,
    );
  });
  report.seconds = (performance.now() - started) / 1000;
  const order = ['none', ...Object.keys(kinds)];
  report.rows.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return report;
}

function chosen(options: ChaosOptions, counts: Report['counts']): Fault[] {
  const { only, seed } = options;
  const planned = plan({ ...options, counts, random: seeded(seed) });
  if (!only) return planned;
  return only.flatMap((each) =>
    typeof each === 'string' ? planned.filter(({ kind }) => kind === each) : [each],
  );
}
