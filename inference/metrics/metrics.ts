import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { StageTimes } from '../engine/item.ts';

/** Of every metric's name that is ours. */
export const prefix = 'shelfwise_inference_';

/** From a fraction of a millisecond (tokenising) to the longest deadline. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface EngineState {
  queued: number;
  workers: number;
  alive: number;
  busy: number;
}

/** Everything that /metrics tells. One registry for a program, none of it global: tests start several. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  // Their names are the same in every program, and dashboards know them: no prefix.
  collectDefaultMetrics({ register: registry });
  // Gauges in spite of their names, which Prometheus' own linter refuses; their kinds are told without `_total`.
  for (const what of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${what}_total`);

  const requests = new Counter({
    name: `${prefix}requests_total`,
    help: 'HTTP requests answered.',
    labelNames: ['route', 'method', 'code'],
    registers,
  });
  const duration = new Histogram({
    name: `${prefix}request_duration_seconds`,
    help: 'Time from the request line to the end of the answer.',
    labelNames: ['route'],
    buckets: seconds,
    registers,
  });
  const stage = new Histogram({
    name: `${prefix}stage_duration_seconds`,
    help: 'Time in each stage of a prediction: queue is counted for each product, decode, tokenise and infer for each batch.',
    labelNames: ['stage'],
    buckets: seconds,
    registers,
  });
  const stageCpu = new Counter({
    name: `${prefix}stage_cpu_seconds_total`,
    help: 'CPU time that the workers spent in each stage of their predictions. PNG and WebP are decoded in other threads, which are not counted.',
    labelNames: ['stage'],
    registers,
  });
  const batch = new Histogram({
    name: `${prefix}batch_size`,
    help: 'Products taken by a worker at a time.',
    buckets: [1, 2, 3, 4, 5, 6, 7, 8],
    registers,
  });
  const lost = new Counter({
    name: `${prefix}workers_lost_total`,
    help: 'Inference workers that ended on their own and were replaced.',
    registers,
  });
  const model = new Gauge({
    name: `${prefix}model_info`,
    help: 'The model that serves, always 1.',
    labelNames: ['release', 'digest'],
    registers,
  });

  const stages = {
    queue: stage.labels('queue'),
    decode: stage.labels('decode'),
    tokenise: stage.labels('tokenise'),
    infer: stage.labels('infer'),
  };

  const cpuOf = {
    decode: stageCpu.labels('decode'),
    tokenise: stageCpu.labels('tokenise'),
    infer: stageCpu.labels('infer'),
  };

  return {
    registry,
    request(route: string, method: string, code: number, ms: number): void {
      requests.inc({ route, method, code });
      duration.observe({ route }, ms / 1000);
    },
    queued: (ms: number) => stages.queue.observe(ms / 1000),
    stages({ decode, tokenise, infer, cpu, items }: StageTimes & { items: number }): void {
      if (decode > 0) stages.decode.observe(decode / 1000);
      stages.tokenise.observe(tokenise / 1000);
      stages.infer.observe(infer / 1000);
      cpuOf.decode.inc(cpu.decode / 1000);
      cpuOf.tokenise.inc(cpu.tokenise / 1000);
      cpuOf.infer.inc(cpu.infer / 1000);
      batch.observe(items);
    },
    workerLost: () => lost.inc(),
    model: (release: string, digest: string) => model.set({ release, digest }, 1),
    /** A gauge of what the service can do without, read when someone asks; undefined is what it has not, or does not know yet. */
    watchDependencies(read: () => Readonly<Record<string, boolean | undefined>>): void {
      new Gauge({
        name: `${prefix}dependency_up`,
        help: 'Whether what the rest of the service needs (predictions need none of it) answered lately. Absent where it has none.',
        labelNames: ['dependency'],
        registers,
        collect() {
          this.reset();
          for (const [dependency, up] of Object.entries(read()))
            if (up !== undefined) this.set({ dependency }, up ? 1 : 0);
        },
      });
    },
    /** Gauges that are read from the engine when someone asks. */
    watchEngine(read: () => EngineState): void {
      const gauge = (name: keyof EngineState, metric: string, help: string) =>
        new Gauge({
          name: `${prefix}${metric}`,
          help,
          registers,
          collect() {
            this.set(read()[name]);
          },
        });
      gauge('queued', 'queue_depth', 'Products that wait for a worker.');
      gauge('workers', 'workers', 'Inference workers that there should be.');
      gauge('alive', 'workers_alive', 'Inference workers that are ready for work or at it.');
      gauge('busy', 'workers_busy', 'Inference workers at work.');
    },
  };
}

export type ServiceMetrics = ReturnType<typeof createMetrics>;
