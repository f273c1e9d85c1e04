/** The trainer's commands. Each is loaded only when it is asked for: snapshot runs where TensorFlow is not installed. */
import { terminationMessagePath } from '@shelfwise/trainer-contract/environment';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { runProgram, type StepResult } from '@shelfwise/trainer-contract/program';
import { destination, pino } from 'pino';
import { readConfig } from './config.ts';
import { createProgress } from './progress.ts';
import type { Step } from './step.ts';

const commands: Record<string, { summary: string; load(): Promise<Step> }> = {
  import: {
    summary: 'bring a download of the Rakuten challenge into a bucket or folder',
    load: async () => (await import('./import/step.ts')).importStep,
  },
  snapshot: {
    summary: 'make an immutable dataset of labelled products',
    load: async () => (await import('./snapshot/step.ts')).snapshotStep,
  },
  train: {
    summary: 'train a model on a dataset and publish it as a release',
    load: async () => (await import('./train/step.ts')).trainStep,
  },
};

/** Well within the 30 seconds that Kubernetes gives a pod unless told otherwise. */
const usualStopWithinMs = 10_000;

// Before a step is loaded: without a handler the first process of a container ignores SIGTERM.
const interruption = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => interruption.abort(interrupted(signal)));
}

async function perform(name: string, step: Step, args: string[]): Promise<StepResult> {
  const config = readConfig(process.env);
  const progress = createProgress({ stdout: process.stdout, stderr: process.stderr });
  try {
    interruption.signal.throwIfAborted();
    const running = step.run(args, {
      config,
      signal: interruption.signal,
      log: pino({ name, level: config.logLevel }, destination({ dest: 2, sync: true })),
      progress: progress.show,
    });
    return await Promise.race([running, gaveUp(interruption.signal, step)]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new StepError(
      'BadConfiguration',
      `The step ${name} ran out of room in ${config.scratchDir}: it needs as much as all of the pictures, so make its volume larger (spec.training.scratch).`,
      { cause: error },
    );
  } finally {
    progress.end();
  }
}

/** Rejects when a step that was told to stop has not: one that waits for a store would wait for minutes. */
function gaveUp(signal: AbortSignal, { stopWithinMs = usualStopWithinMs }: Step): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      setTimeout(() => reject(signal.reason), stopWithinMs);
    });
  });
}

function interrupted(signal: string): StepError {
  return new StepError(
    'Interrupted',
    `The step ${process.argv[2]} was stopped by ${signal}; nothing was published.`,
  );
}

await runProgram(
  {
    name: 'trainer',
    commands,
    perform,
    terminationMessagePath: terminationMessagePath(process.env),
  },
  process.argv.slice(2),
);
