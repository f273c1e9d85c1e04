import type { Store } from '@shelfwise/trainer-contract';
import type { Engine } from '../engine/engine.ts';
import type { ServiceState } from '../http/service.ts';
import type { ServiceMetrics } from '../metrics/metrics.ts';
import { type PredictionMetrics, watchPredictions } from '../metrics/predictions.ts';
import { type LoadedModel, loadModel } from '../model/load.ts';
import type { StepIo } from '../step.ts';
import { holdoutBaseline } from './baseline.ts';

/** Products that may wait for a worker. With deadlines in force it is rarely reached: it bounds memory. */
const queueCapacity = 1_024;
/** How long a store that does not answer is tried again before the pod gives up and says so. */
const storePatienceMs = 120_000;

export interface ServedModel {
  store: Store;
  release: string;
  digest: string;
  state: ServiceState;
  metrics: ServiceMetrics;
}

/** Loads and verifies the release's model; from then on `state` has it and the service is ready. */
export async function openModel(
  { store, release, digest, state, metrics }: ServedModel,
  { config, log, signal }: StepIo,
): Promise<LoadedModel> {
  const model = await loadModel({
    store,
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
      onHopeless(hung) {
        log.fatal(
          { hung },
          'inference workers hang and cannot be ended; the process ends, so that its pod starts anew',
        );
        // Any other way to end waits for the threads that hang.
        process.kill(process.pid, 'SIGKILL');
      },
    },
  });
  const { classes } = model.bundle.labels;
  const served = { release, digest, classes };
  const predictions = watchPredictions(metrics.registry, served);
  void holdoutBaseline(store, served, { log, signal }).then(
    (baseline) => baseline && predictions.compareWith(baseline),
  );
  state.loaded = { engine: counted(model.engine, predictions), served };
  metrics.model(release, digest);
  metrics.watchEngine(() => model.engine.state());
  log.info({ release, digest, classes: classes.length, workers: config.workers }, 'ready');
  return model;
}

/** The engine as callers have it: what it answers them is counted, which the golden replay is not. */
function counted(engine: Engine, { predicted }: PredictionMetrics): Engine {
  const predict: Engine['predict'] = async (item, options) => {
    const prediction = await engine.predict(item, options);
    predicted(prediction);
    return prediction;
  };
  return { ...engine, predict };
}
