import { writeFile } from 'node:fs/promises';
import { failureMessage, failureTermination, StepError, successTermination } from './messages.ts';

/** What a step gives when it is done. */
export interface StepResult {
  /** The termination message and, with `detail`, the last line of stdout. */
  message: object;
  /** Further fields for the last line of stdout alone. */
  detail?: object;
}

/** A program of several commands, each of them a step that may run as a Job's container. */
export interface Program<S extends { usage: string }> {
  name: string;
  /** Each is loaded only when it is asked for. */
  commands: Record<string, { summary: string; load(): Promise<S> }>;
  /** Runs the step with what this program hands its steps. */
  perform(command: string, step: S, args: string[]): Promise<StepResult>;
  /** The file that the kubelet reads; undefined by hand. */
  terminationMessagePath: string | undefined;
}

const helpFlags = ['--help', '-h'];

/**
 * Runs one command to its end and ends the process: the result, or the failure, as the last line of stdout and as the
 * termination message, a failure's sentence on stderr, and the contract's exit code.
 */
export async function runProgram<S extends { usage: string }>(
  program: Program<S>,
  [command = '--help', ...args]: string[],
): Promise<void> {
  const code = await codeOf(program, command, args);
  // What was given up half-way (a download, a connection) must not keep the process alive.
  process.stdout.write('', () => process.exit(code));
}

async function codeOf<S extends { usage: string }>(
  program: Program<S>,
  name: string,
  args: string[],
): Promise<number> {
  if (helpFlags.includes(name) || name === 'help') {
    process.stdout.write(usageOf(program));
    return 0;
  }
  try {
    const command = Object.hasOwn(program.commands, name) ? program.commands[name] : undefined;
    if (!command) {
      const known = Object.keys(program.commands).join(', ');
      throw new StepError('BadConfiguration', `There is no command ${name}; there are ${known}.`);
    }
    const step = await command.load();
    if (args.some((argument) => helpFlags.includes(argument))) {
      process.stdout.write(step.usage);
      return 0;
    }
    const { message, detail } = await program.perform(name, step, args);
    await terminate(program, successTermination(message));
    process.stdout.write(`${JSON.stringify({ ...message, ...detail })}\n`);
    return 0;
  } catch (error) {
    const failure = failureMessage(name, error);
    const text = error instanceof StepError ? failure.message : (error as Error)?.stack;
    process.stderr.write(`${text ?? failure.message}\n`);
    await terminate(program, failureTermination(failure));
    process.stdout.write(`${JSON.stringify(failure)}\n`);
    return failure.exitCode;
  }
}

function usageOf<S extends { usage: string }>({ name, commands }: Program<S>): string {
  return [
    `Usage: ${name} COMMAND [options]     (${name} COMMAND --help tells its options)`,
    '',
    ...Object.entries(commands).map(([each, { summary }]) => `  ${each.padEnd(10)}${summary}`),
    '',
  ].join('\n');
}

async function terminate<S extends { usage: string }>(
  { terminationMessagePath }: Program<S>,
  message: string,
): Promise<void> {
  if (terminationMessagePath) await writeFile(terminationMessagePath, message);
}
