import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgressEvent } from '../../trainer/step.ts';
import { cpuSecondsOf } from './proc.ts';
import { progressOf } from './progress-line.ts';
import { run } from './run.ts';
import { memoryOfTree } from './tree.ts';

/** What a program took, all of its threads together. */
export interface Usage {
  seconds: number;
  cpuSeconds: number;
  /** The most that it and what it started held in memory: its own by the kernel's count, all together as it is looked at every 300 ms. */
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

const everyMs = 300;
const tellUsage = join(import.meta.dirname, 'tell-usage.ts');

/** Runs one of the project's programs with Node and measures it; throws CommandFailed. */
export async function runMeasured(
  args: string[],
  { env, onProgress }: { env: NodeJS.ProcessEnv; onProgress?(event: ProgressEvent): void },
): Promise<Measured> {
  const dir = await mkdtemp(join(tmpdir(), 'usage-'));
  const file = join(dir, 'usage.json');
  const marks: { name: string; seconds: number; cpuSeconds: number }[] = [];
  const started = performance.now();
  let pid = 0;
  let seenMiB = 0;
  const watch = setInterval(() => {
    if (pid > 0) seenMiB = Math.max(seenMiB, memoryOfTree(pid));
  }, everyMs);
  const now = () => (performance.now() - started) / 1000;
  try {
    const stdout = await run(process.execPath, ['--import', tellUsage, ...args], {
      env: { ...env, TELL_USAGE_FILE: file },
      lines: 'both',
      onStart: (child) => {
        pid = child;
      },
      onLine(line) {
        const event = progressOf(line);
        if (!event) return;
        onProgress?.(event);
        const name = event.phase;
        if (name === undefined || name === marks.at(-1)?.name) return;
        const cpuSeconds = cpuSecondsOf(pid);
        // Its last words may be heard only after its end.
        if (cpuSeconds !== undefined) marks.push({ name, seconds: now(), cpuSeconds });
      },
    });
    const told: Omit<Usage, 'seconds'> = JSON.parse(await readFile(file, 'utf8'));
    const usage = { seconds: now(), ...told, peakMiB: Math.max(told.peakMiB, seenMiB) };
    return { usage, stdout, phases: phasesBetween(marks, usage) };
  } finally {
    clearInterval(watch);
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
