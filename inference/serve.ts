import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  digestSchema,
  openStore,
  releaseNameSchema,
  shortPatience,
} from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import * as z from 'zod';
import { parseOptions } from './arguments.ts';
import { openCatalogue } from './catalogue/open.ts';
import { createApp } from './http/app.ts';
import { drain, listen, portOf } from './http/server.ts';
import type { ServiceState } from './http/service.ts';
import { createMetrics } from './metrics/metrics.ts';
import { watchWaiting } from './metrics/waiting.ts';
import type { LoadedModel } from './model/load.ts';
import { openShelf } from './releases/shelf.ts';
import { openCallers } from './serve/callers.ts';
import { openModel } from './serve/model.ts';
import { watchStore } from './serve/store-watch.ts';
import type { InferenceConfig, Step, StepIo } from './step.ts';

const usage = `Usage: inference serve --store URL --release NAME --digest sha256:HEX [--port 8080] [--address ::]

Downloads the release's model tar, verifies it and serves it: POST /v1/predict, /v1/tokens, /v1/users, and
/healthz, /readyz, /metrics, all on one port. Answers until SIGTERM, then drains.
`;

const optionsSchema = z.object({
  store: z.string(),
  release: releaseNameSchema,
  digest: digestSchema,
  port: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Of the network interface that is listened on; all of them unless told. */
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
});

/** Bodies on their way, each of which is held up to three times: a few of the largest, or thousands of usual ones. */
const bodyBudgetBytes = 64 * 1024 * 1024;
/** How long requests may take to finish once no new ones come; the pod has 60 s in all. */
const drainLimitMs = 40_000;
const abandonLimitMs = 5_000;

export const serveStep: Step = { usage, run: serve };

async function serve(args: string[], io: StepIo) {
  const { store: url, release, digest, ...listener } = parseOptions('serve', args, optionsSchema);
  const { config, log, signal } = io;
  const store = openStore(url, config.store);
  const metrics = createMetrics();
  const state: ServiceState = { progress: 'starting', loaded: undefined, draining: false };
  const callers = await openCallers(config, log);
  const database = callers.accounts?.database;
  const catalogue =
    database &&
    openCatalogue(
      {
        database,
        store: openStore(url, config.store, shortPatience),
        state,
        predictWithinMs: config.predictDeadlineMs,
      },
      log,
    );
  if (catalogue) watchWaiting(metrics.registry, catalogue.waiting);
  const watch = watchStore(store, release, log);
  const app = createApp({
    catalogue,
    shelf: openShelf(store),
    state,
    metrics,
    log,
    ...callers,
    storeIsUp: watch.isUp,
    namespaces: config.serviceAccountNamespaces,
    predictDeadlineMs: config.predictDeadlineMs,
    bodyBudgetBytes,
  });
  const server = await listen(app.callback(), listener);
  log.info(
    { port: portOf(server), workers: config.workers },
    'listening; not ready before the model is verified',
  );
  let model: LoadedModel | undefined;
  try {
    const loading = openModel({ store, release, digest, state, metrics }, io);
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
    watch.close();
    await catalogue?.close();
    await Promise.allSettled([model?.close(), callers.close()]);
  }
  return { message: { step: 'serve', ok: true, release, digest } };
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
