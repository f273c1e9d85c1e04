import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { lastLines } from './run.ts';

/** A process that works when it is asked to, and waits in between; whoever started it ends it. */
export interface LineProgram {
  /** What it answers, as JSON. */
  ask<Answer>(value: unknown): Promise<Answer>;
  /** Closes its stdin, which is its end once it has answered. */
  close(): Promise<void>;
  /** Ends it, whatever it does. */
  kill(): Promise<void>;
}

/** Starts a program that says `ready` and then answers each line of JSON by one; resolves when it is ready. `name` is for sentences. */
export async function startLineProgram(
  name: string,
  command: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<LineProgram> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  async function answer(): Promise<string> {
    const { value, done } = await lines.next();
    if (!done) return value;
    const [code, signal] = await ended;
    throw new Error(`${name} ended with ${signal ?? `code ${code}`}: ${lastLines(words, 15)}`);
  }
  const first = await answer();
  if (first !== 'ready') throw new Error(`${name} begins with "${first}" instead of "ready".`);
  return {
    async ask(value) {
      child.stdin.write(`${JSON.stringify(value)}\n`);
      return JSON.parse(await answer());
    },
    async close() {
      child.stdin.end();
      await ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
