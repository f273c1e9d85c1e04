import { type SpawnOptions, spawn } from 'node:child_process';

/** A command that ended with another exit code than 0: says which, and its last words. */
export class CommandFailed extends Error {
  readonly code: number | null;
  readonly stderr: string;
  readonly stdout: string;

  constructor(
    command: string,
    { code, signal }: { code: number | null; signal: string | null },
    { stdout, stderr }: { stdout: string; stderr: string },
  ) {
    const words = lastLines(stderr, 15);
    super(`${command} ended with ${signal ?? `exit code ${code}`}${words ? `:\n${words}` : '.'}`);
    this.code = code;
    this.stderr = stderr;
    this.stdout = stdout;
  }
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input. */
  input?: string;
  /** Called with the command's process id. */
  onStart?: (pid: number) => void;
  /** Called with each line of standard error (and of standard output, if `lines` is 'both') as it comes. */
  onLine?: (line: string) => void;
  lines?: 'stderr' | 'both';
}

/** Runs a command to its end and returns what it wrote to standard output; throws CommandFailed. */
export async function run(
  command: string,
  args: string[],
  options: RunOptions = {},
): Promise<string> {
  const spawnOptions: SpawnOptions = { stdio: ['pipe', 'pipe', 'pipe'] };
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd;
  if (options.env !== undefined) spawnOptions.env = options.env;
  const child = spawn(command, args, spawnOptions);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const out: string[] = [];
  const err: string[] = [];
  const eachLine = options.onLine ? lineSplitter(options.onLine) : undefined;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out.push(text);
    if (options.lines === 'both') eachLine?.(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err.push(text);
    eachLine?.(text);
  });
  // A command may end without reading its input; its exit code tells, not the broken pipe.
  child.stdin?.on('error', () => undefined).end(options.input ?? '');
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Error(`${command} does not start: ${cause.message}`, { cause })),
    );
    child.once('close', (exit, killed) => resolve([exit, killed]));
  });
  if (code !== 0)
    throw new CommandFailed(
      `${command} ${args.join(' ')}`,
      { code, signal },
      { stdout: out.join(''), stderr: err.join('') },
    );
  return out.join('');
}

/** The last lines of a text that are not empty, as one text. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}

/** The last line of what a program wrote, as JSON: the answer of one that tells more before it. */
export function lastJson(text: string) {
  return JSON.parse(lastLines(text, 1));
}

function lineSplitter(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
