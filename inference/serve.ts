import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestSchema, openStore, releaseNameSchema, StepError } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import * as z from 'zod';
import type { Accounts } from './accounts/accounts.ts';
import { ensureAdmin, readCredentials } from './accounts/first-admin.ts';
import { createPasswords } from './accounts/passwords.ts';
import { parseOptions } from './arguments.ts';
import { apiserverSource } from './auth/apiserver.ts';
import { createClusterIssuer } from './auth/cluster-issuer.ts';
import { type KeyRing, openKeyRing } from './auth/key-ring.ts';
import { openDatabase } from './database/database.ts';
import { createApp } from './http/app.ts';
import { drain, listen, portOf } from './http/server.ts';
import type { ServiceState } from './http/service.ts';
import { createMetrics, type ServiceMetrics } from './metrics/metrics.ts';
import { type LoadedModel, loadModel } from './model/load.ts';
import type { InferenceConfig, Step, StepIo } from './step.ts';

const usage = `Usage: inference serve --store URL --release NAME --digest sha256:HEX [--port 8080]

Downloads the release's model tar, verifies it and serves it: POST /v1/predict, /v1/tokens, /v1/users, and
/healthz, /readyz, /metrics, all on one port. Answers until SIGTERM, then drains.
`;

const optionsSchema = z.object({
  store: z.string(),
  release: releaseNameSchema,
  digest: digestSchema,
  port: z.coerce.number().int().min(0).max(65_535).default(8080),
});
type Options = z.infer<typeof optionsSchema>;

/** Products that may wait for a worker. With deadlines in force it is rarely reached: it bounds memory. */
const queueCapacity = 1_024;
/** Bodies on their way, each of which is held up to three times: a few of the largest, or thousands of usual ones. */
const bodyBudgetBytes = 64 * 1024 * 1024;
/** How long a store that does not answer is tried again before the pod gives up and says so. */
const storePatienceMs = 120_000;
/** How long requests may take to finish once no new ones come; the pod has 60 s in all. */
const drainLimitMs = 40_000;
const keyReloadMs = 30_000;
const abandonLimitMs = 5_000;

export const serveStep: Step = { usage, run: serve };

async function serve(args: string[], io: StepIo) {
  const options = parseOptions('serve', args, optionsSchema);
  const { config, log, signal } = io;
  const metrics = createMetrics();
  const state: ServiceState = { progress: 'starting', loaded: undefined, draining: false };
  const callers = await openCallers(config, log, metrics);
  const app = createApp({
    state,
    metrics,
    log,
    ...callers,
    namespaces: config.serviceAccountNamespaces,
    predictDeadlineMs: config.predictDeadlineMs,
    bodyBudgetBytes,
  });
  const server = await listen(app.callback(), options.port);
  log.info(
    { port: portOf(server), workers: config.workers },
    'listening; not ready before the model is verified',
  );
  let model: LoadedModel | undefined;
  try {
    const loading = load(options, io, state, metrics);
    model = await untilAborted(signal, loading);
    if (model) {
      await aborted(signal);
      await leave(server, state, config, log);
    } else {
      await abandon(loading);
    }
  } finally {
    server.closeAllConnections();
    server.close();
    await Promise.allSettled([model?.close(), callers.close()]);
  }
  return { message: { step: 'serve', ok: true, release: options.release, digest: options.digest } };
}

/** Everything that decides who may call. Throws BadConfiguration when that is nobody. */
async function openCallers(config: InferenceConfig, log: Logger, metrics: ServiceMetrics) {
  const { databaseUrlFile, tokenKeysDir, adminCredentialsDir, apiserver } = config;
  if (!databaseUrlFile && !tokenKeysDir && !apiserver) {
    throw new StepError(
      'BadConfiguration',
      'Nobody could call this service: set DATABASE_URL_FILE and TOKEN_KEYS_DIR for accounts, or run it in a cluster for ServiceAccount tokens.',
    );
  }
  const keys = tokenKeysDir === undefined ? undefined : await openKeyRing(tokenKeysDir);
  const stopReloading = keys && reloadNowAndThen(keys, log);
  const cluster = apiserver && createClusterIssuer(apiserverSource(apiserver), log);
  void cluster?.refresh();
  const passwords = await createPasswords();
  const firstAdmin =
    adminCredentialsDir === undefined ? undefined : await readCredentials(adminCredentialsDir);
  const database =
    databaseUrlFile === undefined
      ? undefined
      : openDatabase({
          urlFile: databaseUrlFile,
          prepare: firstAdmin ? [(knex) => ensureAdmin(knex, passwords, firstAdmin)] : [],
          log,
          onState: metrics.database,
        });
  const accounts: Accounts | undefined = database && { database, passwords };
  const close = async () => {
    stopReloading?.();
    await database?.close();
  };
  return { keys, cluster, accounts, close };
}

function reloadNowAndThen(keys: KeyRing, log: Logger): () => void {
  const timer = setInterval(() => {
    keys
      .reload()
      .catch((err: unknown) =>
        log.error({ err }, 'the token keys could not be read again; the old ones stay'),
      );
  }, keyReloadMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function load(
  options: Options,
  { config, log, signal }: StepIo,
  state: ServiceState,
  metrics: ServiceMetrics,
) {
  const { release, digest } = options;
  const model = await loadModel({
    store: openStore(options.store, config.store),
    release,
    digest,
    scratchDir: config.scratchDir,
    workers: config.workers,
    queueCapacity,
    patienceMs: storePatienceMs,
    signal,
    log,
    onProgress(doing) {
      state.progress = doing;
      log.info(doing);
    },
    engine: {
      onStages: metrics.stages,
      onQueued: metrics.queued,
      onWorkerLost(reason) {
        metrics.workerLost();
        log.error({ reason }, 'an inference worker was lost; another is started');
      },
    },
  });
  const { classes } = model.bundle.labels;
  state.loaded = { engine: model.engine, served: { release, digest, classes } };
  metrics.model(release, digest);
  metrics.watchEngine(() => model.engine.state());
  log.info({ release, digest, classes: classes.length, workers: config.workers }, 'ready');
  return model;
}

/** Out of the endpoints first, then no more connections, then the last answers. */
async function leave(
  server: Server,
  state: ServiceState,
  config: InferenceConfig,
  log: Logger,
): Promise<void> {
  state.draining = true;
  log.info(
    { shutdownDelayMs: config.shutdownDelayMs },
    'draining: not ready any more, still answering',
  );
  await sleep(config.shutdownDelayMs);
  const complete = await drain(server, drainLimitMs);
  if (!complete) log.warn({ drainLimitMs }, 'requests that took too long were cut off');
  log.info('drained');
}

/** Gives a load that nobody wants any more the time to clean up after itself, but not long: it may hang on the store. */
async function abandon(loading: Promise<LoadedModel>): Promise<void> {
  const cleanUp = loading.then(
    (model) => model.close(),
    () => undefined,
  );
  await Promise.race([cleanUp, sleep(abandonLimitMs)]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The work's result, or undefined if the signal came first: a pod that is told to go while it loads has nothing to drain. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, aborted(signal).then(() => undefined)]);
}
