/** The trainer's commands. Each is loaded only when it is asked for: snapshot runs where TensorFlow is not installed. */
import { writeFile } from 'node:fs/promises';
import {
  failureMessage,
  failureTermination,
  StepError,
  successTermination,
} from '@shelfwise/trainer-contract/messages';
import { destination, pino } from 'pino';
import { readConfig, terminationMessagePath } from './config.ts';
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

const usage = [
  'Usage: trainer COMMAND [options]     (trainer COMMAND --help tells its options)',
  '',
  ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`),
  '',
].join('\n');

/** Well within the 30 seconds that Kubernetes gives a pod. */
const stopWithinMs = 10_000;

const helpFlags = ['--help', '-h'];

async function main(name: string, args: string[]): Promise<number> {
  if (helpFlags.includes(name) || name === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) {
      const known = Object.keys(commands).join(', ');
      throw new StepError('BadConfiguration', `There is no command ${name}; there are ${known}.`);
    }
    const step = await command.load();
    if (args.some((argument) => helpFlags.includes(argument))) {
      process.stdout.write(step.usage);
      return 0;
    }
    return await runStep(name, step, args);
  } catch (error) {
    return await reportFailure(name, error);
  }
}

async function runStep(name: string, step: Step, args: string[]): Promise<number> {
  const config = readConfig(process.env);
  const interruption = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => interruption.abort(interrupted(name, signal)));
  }
  const progress = createProgress({ stdout: process.stdout, stderr: process.stderr });
  try {
    const running = step.run(args, {
      config,
      signal: interruption.signal,
      log: pino({ name, level: config.logLevel }, destination({ dest: 2, sync: true })),
      progress: progress.show,
    });
    const { message, detail } = await Promise.race([running, gaveUp(interruption.signal)]);
    await terminate(successTermination(message));
    progress.end();
    process.stdout.write(`${JSON.stringify({ ...message, ...detail })}\n`);
    return 0;
  } finally {
    progress.end();
  }
}

/** Rejects when a step that was told to stop has not: one that waits for a store would wait for minutes. */
function gaveUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      setTimeout(() => reject(signal.reason), stopWithinMs);
    });
  });
}

function interrupted(step: string, signal: string): StepError {
  return new StepError(
    'Interrupted',
    `The step ${step} was stopped by ${signal}; nothing was published.`,
  );
}

async function reportFailure(step: string, error: unknown): Promise<number> {
  const failure = failureMessage(step, error);
  const text = error instanceof StepError ? failure.message : (error as Error)?.stack;
  process.stderr.write(`${text ?? failure.message}\n`);
  await terminate(failureTermination(failure));
  process.stdout.write(`${JSON.stringify(failure)}\n`);
  return failure.exitCode;
}

async function terminate(message: string): Promise<void> {
  const path = terminationMessagePath(process.env);
  if (path) await writeFile(path, message);
}

const [name = '--help', ...args] = process.argv.slice(2);
const code = await main(name, args);
// An aborted step may have left downloads behind it that would keep the process alive.
process.stdout.write('', () => process.exit(code));
