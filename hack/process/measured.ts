import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunOptions, run } from './run.ts';

/** What a program took, all of its threads together. */
export interface Usage {
  seconds: number;
  cpuSeconds: number;
  /** The most that it held in memory. */
  peakMiB: number;
}

/** A stretch of a program's life, by its own progress events: from the first of a phase to that of the next. */
export interface Phase {
  name: string;
  seconds: number;
  cpuSeconds: number;
}

export interface Measured {
  usage: Usage;
  /** In order; the last one ends with the program. */
  phases: Phase[];
  stdout: string;
}

const tellUsage = join(import.meta.dirname, 'tell-usage.ts');

/** Runs one of the project's programs with Node and measures it; throws CommandFailed. */
export async function runMeasured(args: string[], options: RunOptions = {}): Promise<Measured> {
  const dir = await mkdtemp(join(tmpdir(), 'usage-'));
  const file = join(dir, 'usage.json');
  const marks: { name: string; seconds: number; cpuSeconds: number }[] = [];
  const started = performance.now();
  let pid = 0;
  const now = () => (performance.now() - started) / 1000;
  try {
    const stdout = await run(process.execPath, ['--import', tellUsage, ...args], {
      ...options,
      env: { ...options.env, TELL_USAGE_FILE: file },
      lines: 'both',
      onStart: (child) => {
        pid = child;
      },
      onLine(line) {
        options.onLine?.(line);
        const name = phaseOf(line);
        if (name === undefined || name === marks.at(-1)?.name) return;
        marks.push({ name, seconds: now(), cpuSeconds: cpuSecondsOf(pid) });
      },
    });
    const told: Omit<Usage, 'seconds'> = JSON.parse(await readFile(file, 'utf8'));
    const usage = { seconds: now(), ...told };
    return { usage, stdout, phases: phasesBetween(marks, usage) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The stretches between marks, the last up to the end. */
export function phasesBetween(
  marks: readonly Phase[],
  end: { seconds: number; cpuSeconds: number },
): Phase[] {
  return marks.map(({ name, seconds, cpuSeconds }, i) => {
    const next = marks[i + 1] ?? end;
    return { name, seconds: next.seconds - seconds, cpuSeconds: next.cpuSeconds - cpuSeconds };
  });
}

function phaseOf(line: string): string | undefined {
  if (!line.startsWith('{"event":"progress"')) return undefined;
  return JSON.parse(line).phase;
}

/** User and system time in clock ticks are the fields 14 and 15 of proc(5)'s stat; a tick is 10 ms on every Linux. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
