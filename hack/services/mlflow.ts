import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../cluster/free-ports.ts';
import { hasEnded } from '../process/ended.ts';
import { waitFor } from '../process/wait.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';

/** A real MLflow for tests, on a free port of 127.0.0.1. */
export interface MlflowService {
  uri: string;
  /** Ends the server; what it knows stays for `start`. */
  pause(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The virtual environment that holds MLflow's server, as far as it is needed, and TensorBoard's reader. MLflow's own list of
 * dependencies is 900 MB long (scipy, scikit-learn, matplotlib, pyarrow): what a tracking server never loads is left out.
 */
export function mlflowEnvironment(): Promise<string> {
  const say = (line: string) => process.stderr.write(`mlflow: ${line}\n`);
  return pythonEnvironment('mlflow', new URL('mlflow/requirements.txt', import.meta.url), say);
}

/** Starts `mlflow server` with a SQLite database of its own; installs it first where it was not yet. */
export async function startMlflow(): Promise<MlflowService> {
  const environment = await mlflowEnvironment();
  const dir = await mkdtemp(join(tmpdir(), 'mlflow-'));
  const [port] = await freePorts(1);
  const uri = `http://127.0.0.1:${port}`;
  let running: Awaited<ReturnType<typeof launch>> | undefined;
  const launched = async () => {
    running = await launch(join(environment, 'bin', 'mlflow'), dir, Number(port), uri);
  };
  const pause = async () => {
    await running?.end();
    running = undefined;
  };
  const stop = async () => {
    await pause();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await launched();
  } catch (error) {
    await stop();
    throw error;
  }
  return { uri, pause, start: launched, stop };
}

async function launch(program: string, dir: string, port: number, uri: string) {
  const args = ['server', '--host', '127.0.0.1', '--port', `${port}`, '--workers', '1'];
  const database = ['--backend-store-uri', `sqlite:///${join(dir, 'mlflow.db')}`];
  const files = ['--no-serve-artifacts', '--default-artifact-root', `file://${dir}/artifacts`];
  const child = spawn(program, [...args, ...database, ...files], {
    cwd: dir,
    // A group of its own: the server starts workers, which must not outlive it.
    detached: true,
    env: {
      ...process.env,
      MLFLOW_DISABLE_TELEMETRY: 'true',
      // Half a dozen processes for jobs that nobody submits.
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => output.push(`${d}`));
  const kill = () => {
    // Nobody else would: a group of its own does not hear of a Ctrl-C.
    if (!hasEnded(child) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', kill);
  const end = async () => {
    process.off('exit', kill);
    if (hasEnded(child)) return;
    const ended = once(child, 'exit');
    kill();
    await ended;
  };
  try {
    await waitFor(async () => ((await fetch(`${uri}/health`)).ok ? true : undefined), {
      // Its first start compiles its modules and makes the tables.
      what: 'MLflow to answer',
      limitMs: 300_000,
      everyMs: 200,
      hopeless: () => (hasEnded(child) ? `MLflow ended and said: ${output.join('')}` : undefined),
    });
  } catch (error) {
    await end();
    throw new Error(`${(error as Error).message} It said: ${output.join('').slice(-2000)}`, {
      cause: error,
    });
  }
  return { end };
}
