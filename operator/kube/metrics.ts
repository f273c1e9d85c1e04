import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ReflectorObserver } from './reflector.ts';
import type { RequestInfo } from './request-info.ts';
import type { Exchange, Streamed } from './transport.ts';
import type { WorkQueueObserver, WorkQueueState } from './work-queue.ts';

export interface EngineMetrics {
  exchange: (exchange: Exchange) => void;
  throttled: (info: RequestInfo, seconds: number) => void;
  streamed: (stream: Streamed) => void;
  queue: WorkQueueObserver;
  /** Asked at each scrape. */
  queueState: (state: () => WorkQueueState) => void;
  reflector: ReflectorObserver;
}

/** From a cache that answers in a millisecond to an API server that needs all its time. */
const seconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A watch is to last five to ten minutes; one that lasts seconds is a symptom. */
const lasting = [1, 10, 60, 300, 600, 1200];

/** Prometheus series of the engine; what is measured where, the help texts say. */
export function createEngineMetrics(registry: Registry, prefix: string): EngineMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name: `${prefix}${name}`, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    buckets = seconds,
  ) => new Histogram({ name: `${prefix}${name}`, help, labelNames, registers, buckets });

  const requests = counter(
    'api_requests_total',
    'Requests to the API server, retries included; code 0: no answer.',
    ['verb', 'resource', 'code'],
  );
  const latency = histogram(
    'api_request_seconds',
    'Time until the head of the API server’s answer.',
    ['verb', 'resource'],
  );
  const throttled = histogram(
    'api_throttled_seconds',
    'Time that requests waited for their turn under the operator’s own rate limit; those that did not wait are not counted.',
    ['verb'],
  );
  const watches = histogram(
    'api_watch_seconds',
    'How long watches lasted; end error: the connection broke or fell silent.',
    ['resource', 'end'],
    lasting,
  );
  const watched = counter('api_watch_bytes_total', 'Bytes that watches brought.', ['resource']);
  const depth = gauge('queue_depth', 'Keys that wait for their turn.', []);
  const waited = histogram('queue_wait_seconds', 'Time from a key’s arrival to its turn.', [
    'lane',
  ]);
  const worked = histogram('reconcile_seconds', 'Duration of reconciles.', ['outcome']);
  const retries = counter(
    'reconcile_retries_total',
    'Reconciles that failed and will be tried again.',
    [],
  );
  const lists = counter(
    'cache_lists_total',
    'Complete lists: one at the start, more after a watch was lost for long.',
    ['resource'],
  );
  const objects = gauge('cache_objects', 'Objects in the caches of a resource.', ['resource']);
  const failures = counter('cache_failures_total', 'Lists and watches that ended in an error.', [
    'resource',
    'reason',
  ]);

  return {
    exchange({ verb, resource, code, seconds: took }) {
      requests.inc({ verb, resource, code });
      latency.observe({ verb, resource }, took);
    },
    throttled: ({ verb }, took) => throttled.observe({ verb }, took),
    streamed({ resource, end, bytes, seconds: took }) {
      watches.observe({ resource, end }, took);
      watched.inc({ resource }, bytes);
    },
    queue: {
      depth: (keys) => depth.set(keys),
      waited: (took, lane) => waited.observe({ lane }, took),
      worked: (took, outcome) => worked.observe({ outcome }, took),
      retried: () => retries.inc(),
    },
    queueState(state) {
      const asked = (name: string, help: string, of: (now: WorkQueueState) => number) =>
        new Gauge({
          ...{ name: `${prefix}${name}`, help, registers },
          collect() {
            this.set(of(state()));
          },
        });
      asked('queue_delayed', 'Keys that come at a time of their own.', (now) => now.delayed);
      asked('reconciles_running', 'Reconciles that go on.', (now) => now.running);
      asked(
        'reconcile_longest_running_seconds',
        'For how long the reconcile that began first goes on.',
        (now) => now.longestRunningSeconds,
      );
    },
    reflector: {
      listed: (resource) => lists.inc({ resource }),
      grew: (resource, by) => objects.inc({ resource }, by),
      failed: (resource, reason) => failures.inc({ resource, reason }),
    },
  };
}
