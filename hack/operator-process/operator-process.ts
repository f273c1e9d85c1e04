import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../cluster/free-ports.ts';
import { readConfig } from '../config.ts';
import { type Memory, memoryOf } from '../process/memory.ts';
import { lastLines } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { imageFlags } from './image-flags.ts';
import { parseMetrics, type Sample } from './metrics.ts';

/** The operator's own program, as its image starts it. */
export interface OperatorProcess {
  /** performance.now() when it was started. */
  startedAt: number;
  /** The jti of its token: the API server's records tell by it which process asked. */
  token: string;
  /** Its log: JSON lines. */
  log: string;
  metrics(): Promise<Sample[]>;
  memory(): Memory;
  isReady(): Promise<boolean>;
  /** Sends a signal; resolves when the process has ended, for SIGSTOP and SIGCONT at once. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** How it ended, if it did: the exit code or the signal. */
  ended(): string | undefined;
  /** The same in a sentence, for who waits for something that it is to do. */
  gone(): string | undefined;
}

export interface OperatorProcessOptions {
  /** Of the API server. */
  server: string;
  /** The folder with token and ca.crt. */
  account: string;
  /** The token's jti, for who reads the API server's records. */
  token?: string;
  /** Where its log goes, and what the log's file and the pod in events are named by. */
  directory: string;
  name: string;
  environment?: Record<string, string>;
}

/** What operators of measurements fill in where a ModelRelease names no image. */
export const images = {
  snapshot: 'registry.example/shelfwise/trainer-cpu:0.1.0',
  trainer: 'registry.example/shelfwise/trainer-gpu:0.1.0',
  inference: 'registry.example/shelfwise/inference:0.1.0',
};

const program = join(import.meta.dirname, '..', '..', 'operator', 'main.ts');

export async function startOperatorProcess(
  options: OperatorProcessOptions,
): Promise<OperatorProcess> {
  const [port = 0] = await freePorts(1);
  const flags = await imageFlags();
  const log = join(options.directory, `${options.name}.log`);
  const descriptor = openSync(log, 'a');
  const { PATH, NODE_OPTIONS } = readConfig().inherited;
  const { hostname, port: serverPort } = new URL(options.server);
  const startedAt = performance.now();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...flags, program], {
    stdio: ['ignore', descriptor, descriptor],
    env: {
      ...(PATH === undefined ? {} : { PATH }),
      ...(NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS }),
      // As in a pod: with a kubeconfig it would load a library that it has no use for in a cluster.
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: serverPort,
      SERVICE_ACCOUNT_DIR: options.account,
      POD_NAMESPACE: 'default',
      LEADER_ELECTION: 'false',
      TRAINER_IMAGE: images.trainer,
      SNAPSHOT_IMAGE: images.snapshot,
      INFERENCE_IMAGE: images.inference,
      PORT: String(port),
      POD_NAME: options.name,
      ...options.environment,
    },
  });
  closeSync(descriptor);
  const page = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
    return { ok: answer.ok, text: await answer.text() };
  };
  const operator: OperatorProcess = {
    startedAt,
    token: options.token ?? '',
    log,
    metrics: async () => parseMetrics((await page('/metrics')).text),
    memory: () => memoryOf(child.pid ?? 0),
    isReady: async () => (await page('/readyz').catch(() => ({ ok: false }))).ok,
    ended: () => endOf(child),
    gone() {
      const end = endOf(child);
      return end && `The operator ${options.name} ended (${end}), see ${log}.`;
    },
    async signal(name) {
      if (endOf(child) !== undefined) return;
      const ended = once(child, 'close');
      child.kill(name);
      if (name !== 'SIGSTOP' && name !== 'SIGCONT') await ended;
    },
  };
  await waitFor(async () => (await page('/healthz')).ok || undefined, {
    what: `the operator ${options.name} to start, see ${log}`,
    // Generous, for machines that build something at the same time.
    limitMs: 120_000,
    hopeless: operator.gone,
  }).catch(async (cause) => {
    await operator.signal('SIGKILL');
    throw new Error(`${cause.message}\n${lastLines(await readFile(log, 'utf8'), 15)}`, { cause });
  });
  return operator;
}

function endOf({ exitCode, signalCode }: ChildProcess): string | undefined {
  if (signalCode !== null) return signalCode;
  return exitCode === null ? undefined : `exit code ${exitCode}`;
}
