import type { Logger } from 'pino';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { fieldManager } from './api/metadata.ts';
import { group } from './api/model-release.ts';
import { createCaches, type Watched } from './caches.ts';
import type { Config } from './config.ts';
import type { ApiError } from './kube/api-error.ts';
import type { Connection } from './kube/connection.ts';
import { classify } from './kube/errors.ts';
import { createEventRecorder } from './kube/events.ts';
import { LeaseLost } from './kube/leader-election.ts';
import { createEngineMetrics } from './kube/metrics.ts';
import { createObjects } from './kube/objects.ts';
import type { ReflectorTiming } from './kube/reflector.ts';
import { createTransport, type Exchange, type Transport } from './kube/transport.ts';
import { createWorkQueue } from './kube/work-queue.ts';
import { createLeadership } from './leadership.ts';
import { createReleaseMetrics } from './release/metrics.ts';
import { createReconciler } from './release/reconcile.ts';
import { startServer } from './server.ts';

export interface OperatorOptions {
  config: Pick<Config, 'images' | 'imagePullPolicy' | 'port' | 'pod'> &
    Partial<Pick<Config, 'leaderElection'>>;
  connection: Connection;
  version: string;
  log: Logger;
  now?: () => Date;
  /** Where it looks for ModelReleases: everywhere, if not said otherwise. */
  namespaces?: string[];
  /** For tests: stands between the operator and the API server. */
  intercept?: (transport: Transport) => Transport;
  /** For tests: what a running operator does to the API server. */
  observe?: (exchange: Exchange) => void;
  timing?: Partial<ReflectorTiming>;
}

export interface Operator {
  /** Where /metrics, /healthz and /readyz are. */
  port: number;
  /** Fulfilled once every cache is complete. */
  ready: Promise<void>;
  /** Finishes what has begun, begins nothing more, and lets another operator lead. */
  stop(): Promise<void>;
  /** Settles after stop(); rejected when a part of the operator ended in a bug, or with LeaseLost: another may lead by now. */
  ended: Promise<void>;
}

/** Steps that the API server holds up, and the Lease after them, must not outlast the pod's grace period of 30 s. */
const drainMs = 15_000;

/**
 * Starts caches, queue and health pages, all in this process. The caches are filled at once, so that an operator that stands by
 * can take over without a pause; only the one that leads reconciles.
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { config, connection, log, now = () => new Date(), intercept = (same) => same } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const prefix = 'shelfwise_operator_';
  const metrics = createEngineMetrics(registry, prefix);
  const userAgent = `shelfwise-operator/${options.version}`;
  const observe = (exchange: Exchange) => {
    metrics.exchange(exchange);
    options.observe?.(exchange);
  };
  const { leaderElection: election, pod } = config;
  const leadership = createLeadership({
    ...{ election, pod, connection, userAgent, registry, log, observe },
  });
  const { guard } = leadership;
  const { throttled, streamed } = metrics;
  const direct = createTransport({
    ...{ connection, userAgent, observe, throttled, streamed },
    ...(guard ? { guard } : {}),
  });
  const transport = intercept(direct);
  const recorder = createEventRecorder({
    transport,
    reportingController: `${group}/operator`,
    reportingInstance: config.pod,
    onFailure: (error, { reason, note }) =>
      log.warn({ err: error, reason, note }, 'An event was not written'),
    now,
  });
  const failures = new Map<Watched, ApiError>();
  const caches = createCaches(
    {
      transport,
      observe: metrics.reflector,
      onFailure(error, retryInMs, watched) {
        failures.set(watched, error);
        const { message, reason } = error;
        const { namespace } = watched;
        log.warn({ error: message, reason, namespace, retryInMs }, 'A cache is cut off');
      },
      namespaces: options.namespaces,
      ...(options.timing ? { timing: options.timing } : {}),
    },
    (key, lane) => queue.add(key, lane),
  );
  const { done } = createReleaseMetrics(registry, prefix, () => caches.modelReleases.list());
  const queue = createWorkQueue({
    reconcile: createReconciler({
      done,
      caches,
      objects: createObjects({ transport, fieldManager }),
      recorder,
      transport,
      defaults: {
        trainerImage: config.images.trainer,
        snapshotImage: config.images.snapshot,
        inferenceImage: config.images.inference,
        imagePullPolicy: config.imagePullPolicy,
      },
      now,
      log,
    }),
    onError: (key, error, retryInMs) => logFailure(log, key, error, retryInMs),
    observe: metrics.queue,
  });
  metrics.queueState(queue.state);
  exposeSynced(registry, caches.all);
  const server = await startServer({
    port: config.port,
    registry,
    missing: () => [...missing(caches.all, failures), ...leadership.missing()],
  });

  const watching = new AbortController();
  const working = new AbortController();
  const standing = new AbortController();
  const ready = Promise.all(caches.all.map(({ synced }) => synced)).then(() => {
    if (!working.signal.aborted)
      log.info({ modelReleases: caches.modelReleases.size(), port: server.port }, 'Ready');
  });
  // It is given nothing to do in a namespace before the caches of that namespace are complete.
  const worked = isElected(leadership.elected, working.signal).then((leads) =>
    leads ? queue.run(working.signal) : undefined,
  );
  const stood = leadership.run(standing.signal);
  // Whoever leads instead is not to find us at work, be it without effect.
  stood.catch(() => working.abort());
  const ended = Promise.all([
    ...caches.all.map(({ run }) => run(watching.signal)),
    worked,
    stood,
  ]).then(() => undefined);

  async function stop(): Promise<void> {
    working.abort();
    const drained = await Promise.race([worked.then(() => true), pause(drainMs)]);
    await Promise.race([recorder.flush(), pause(drainMs / 4)]);
    // Whoever leads next must not meet what we began and do not know the end of.
    if (!drained) leadership.abandon();
    standing.abort();
    // Through a connection that is still open.
    await stood.catch(unlessLost);
    watching.abort();
    await transport.close();
    await leadership.close();
    await server.close();
    await ended.catch(unlessLost);
  }
  return { port: server.port, ready, stop, ended };
}

/** What is not there yet, and why. One namespace of several that is refused keeps the operator from being ready, not from working in the others. */
function missing(all: Watched[], failures: ReadonlyMap<Watched, ApiError>): string[] {
  return all
    .filter((each) => !each.hasSynced())
    .map((each) => {
      const where = each.namespace === undefined ? '' : ` of namespace ${each.namespace}`;
      const why = failures.get(each)?.message;
      return `${each.plural}${where}${why === undefined ? '' : ` (${why})`}`;
    });
}

/** 1 for each cache that is complete, so that an alert can name the namespace that lacks one. */
function exposeSynced(registry: Registry, all: Watched[]): void {
  const gauge = new Gauge({
    name: 'shelfwise_operator_cache_synced',
    help: '1 once a cache has had its first complete list; watched_namespace is empty for all namespaces.',
    labelNames: ['resource', 'watched_namespace'],
    registers: [registry],
    collect() {
      for (const { plural, namespace = '', hasSynced } of all)
        gauge.set({ resource: plural, watched_namespace: namespace }, hasSynced() ? 1 : 0);
    },
  });
}

/** What will pass by itself is news, what waits for a person a warning, what is a bug an error with its stack. */
function logFailure(log: Logger, modelRelease: string, error: unknown, retryInMs: number): void {
  const known = classify(error);
  const facts = { modelRelease, retryInMs };
  if (!known) log.error({ ...facts, err: error }, 'A reconcile ended in a bug');
  else {
    const level = known.outcome === 'Transient' ? 'info' : 'warn';
    log[level]({ ...facts, outcome: known.outcome, reason: known.reason }, known.message);
  }
}

function isElected(elected: Promise<void>, given: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    given.addEventListener('abort', () => resolve(false), { once: true });
    void elected.then(() => resolve(!given.aborted));
  });
}

/** Told to those who wait for `ended` already. */
function unlessLost(error: unknown): void {
  if (!(error instanceof LeaseLost)) throw error;
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    // It must not keep a process alive that has nothing else to do.
    setTimeout(() => resolve(undefined), ms).unref();
  });
}
