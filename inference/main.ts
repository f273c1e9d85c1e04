/** The inference program's commands: `serve` answers requests, `evaluate` judges a release with the same engine. */
import { terminationMessagePath } from '@shelfwise/trainer-contract/environment';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { runProgram, type StepResult } from '@shelfwise/trainer-contract/program';
import { destination, pino } from 'pino';
import { readConfig } from './config.ts';
import type { Step } from './step.ts';

const commands: Record<string, { summary: string; load(): Promise<Step> }> = {
  serve: {
    summary: 'answer requests with a verified release',
    load: async () => (await import('./serve.ts')).serveStep,
  },
  evaluate: {
    summary: "score a release (and the champion) on a dataset's held-out products",
    load: async () => (await import('./evaluate/step.ts')).evaluateStep,
  },
};

// Before a command is loaded: without a handler the first process of a container ignores SIGTERM.
const interruption = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => interruption.abort(interrupted(signal)));
}

function interrupted(signal: string): StepError {
  return new StepError(
    'Interrupted',
    `${process.argv[2]} was stopped by ${signal}; nothing was written.`,
  );
}

async function perform(name: string, step: Step, args: string[]): Promise<StepResult> {
  const config = readConfig(process.env);
  interruption.signal.throwIfAborted();
  return step.run(args, {
    config,
    signal: interruption.signal,
    log: pino({ name, level: config.logLevel }, destination({ dest: 2, sync: true })),
    progress: (event) =>
      process.stdout.write(`${JSON.stringify({ event: 'progress', step: name, ...event })}\n`),
  });
}

await runProgram(
  {
    name: 'inference',
    commands,
    perform,
    terminationMessagePath: terminationMessagePath(process.env),
  },
  process.argv.slice(2),
);
