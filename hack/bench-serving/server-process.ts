import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { askOnce } from '../load/connection.ts';
import type { StoredRequest } from '../load/request.ts';
import { hasEnded } from '../process/ended.ts';
import { end, identify } from '../process/identity.ts';
import { pinned } from '../process/pinned.ts';
import { lastLines } from '../process/run.ts';
import { treeOf } from '../process/tree.ts';
import { waitFor } from '../process/wait.ts';
import type { RunningServer } from './contender.ts';

export interface ServerCommand {
  name: string;
  command: string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  port: number;
  /** Asked until it is answered with 200. */
  first: StoredRequest;
  /** The core that all of it is pinned to. */
  core?: number | undefined;
}

/** Starts a server with all that it starts itself, and waits for its first answer. */
export async function startServer(settings: ServerCommand): Promise<RunningServer> {
  const { name, command, cwd, env, port, first, core } = settings;
  const [program = '', ...args] = pinned(command, core);
  const started = performance.now();
  // A group of its own: what it starts must not outlive it.
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-20_000);
    });
  const pid = child.pid as number;
  const kill = () => {
    if (!hasEnded(child)) process.kill(-pid, 'SIGKILL');
  };
  process.once('exit', kill);
  // Which Node leaves out where a signal ends it.
  const leave = () => process.exit(130);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  const stop = async () => {
    process.off('exit', kill);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
    const tree = treeOf(pid).flatMap((each) => identify(each) ?? []);
    const ended = hasEnded(child) ? undefined : once(child, 'exit');
    await end(tree, 20_000);
    await ended;
  };
  try {
    await waitFor(() => answers(port, first), {
      what: `${name} to answer on port ${port}`,
      limitMs: 60_000,
      everyMs: 10,
      hopeless: () => (hasEnded(child) ? `${name} ended.` : undefined),
    });
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message} It said: ${lastLines(words, 15)}`, {
      cause: error,
    });
  }
  return { pid, port, coldStartSeconds: (performance.now() - started) / 1000, stop };
}

async function answers(port: number, request: StoredRequest): Promise<true> {
  const outcome = await askOnce(port, request);
  if ('error' in outcome) throw new Error(outcome.error);
  const { status, body } = outcome.response;
  if (status !== 200) throw new Error(`${status} ${body.toString()}`);
  return true;
}
