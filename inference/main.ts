/** The inference program's commands: `serve` answers requests, `evaluate` judges a release with the same engine. */
import { writeFile } from 'node:fs/promises';
import {
  failureMessage,
  failureTermination,
  StepError,
  successTermination,
} from '@shelfwise/trainer-contract/messages';
import { destination, pino } from 'pino';
import { readConfig, terminationMessagePath } from './config.ts';
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

const usage = [
  'Usage: inference COMMAND [options]     (inference COMMAND --help tells its options)',
  '',
  ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`),
  '',
].join('\n');

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
    process.once(signal, () =>
      interruption.abort(
        new StepError('Interrupted', `${name} was stopped by ${signal}; nothing was written.`),
      ),
    );
  }
  const { message, detail } = await step.run(args, {
    config,
    signal: interruption.signal,
    log: pino({ name, level: config.logLevel }, destination({ dest: 2, sync: true })),
    progress: (event) =>
      process.stdout.write(`${JSON.stringify({ event: 'progress', step: name, ...event })}\n`),
  });
  await terminate(successTermination(message));
  process.stdout.write(`${JSON.stringify({ ...message, ...detail })}\n`);
  return 0;
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
// What was given up half-way (a download, a connection) must not keep the process alive.
process.stdout.write('', () => process.exit(code));
