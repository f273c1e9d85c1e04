import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { lastLines } from '../process/run.ts';

/** A round of steps, as both sides tell it: the steps that warm up are not counted. */
export interface Round {
  seconds: number;
  cpuSeconds: number;
  /** Mean over all steps of the round, from parameters of 0: equal on both sides, or they are not the same model. */
  loss: number;
}

export interface RoundSettings {
  warmup: number;
  steps: number;
  learningRate: number;
  /** The weight of L2. */
  decay: number;
}

/** A process that fits when it is asked to, and waits in between. */
export interface Side {
  name: string;
  round(settings: RoundSettings): Promise<Round>;
  close(): Promise<void>;
}

/** Starts a program that says `ready` and then answers each line of JSON by one; resolves when it is ready. */
export async function startSide(
  name: string,
  command: string[],
  env: NodeJS.ProcessEnv,
): Promise<Side> {
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
    name,
    async round(settings) {
      child.stdin.write(`${JSON.stringify(settings)}\n`);
      return JSON.parse(await answer());
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
