import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  isRefusal,
  limits,
  type Metric,
  mlflowRuns,
  type RunDescription,
  type RunEnd,
} from './mlflow-run.ts';
import type { MlflowSettings } from './mlflow-server.ts';

export interface Timings {
  /** Between two rounds of sending. */
  everyMs: number;
  /** For one call. */
  timeoutMs: number;
  /** The first pause after a failure; each further one is twice as long, up to `longestPauseMs`. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** How many values are kept while nothing can be sent; the oldest go first. */
  buffered: number;
}

export const usualTimings: Timings = {
  everyMs: 3_000,
  timeoutMs: 10_000,
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
  buffered: 50_000,
};

/**
 * Tells MLflow of a training, in the background. Nothing here throws or makes the training wait: an outage is logged once, the
 * values stay in a bounded buffer, and are sent when it is over.
 */
export function tellMlflow(
  settings: MlflowSettings,
  run: RunDescription,
  log: Logger,
  timings: Timings = usualTimings,
) {
  const runs = mlflowRuns(settings);
  const stop = new AbortController();
  let metrics: Metric[] = [];
  let tags = run.tags;
  let forgotten = 0;
  let runId: string | undefined;
  let paramsTold = false;
  let ending: { status: RunEnd; at: number; deadline: number } | undefined;
  let over = false;
  let down = false;

  const left = () =>
    Math.max(
      1,
      Math.min(timings.timeoutMs, (ending?.deadline ?? Number.POSITIVE_INFINITY) - Date.now()),
    );

  /** What MLflow refuses it will refuse again: it is named, and left out. */
  async function offer(what: string, send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      log.warn(`MLflow at ${settings.uri} refuses ${what} (${error.message}): they are left out.`);
    }
  }

  async function sendAll(): Promise<void> {
    runId ??= await runs.open(run, left());
    const id = runId;
    if (id === undefined) {
      over = true;
      return;
    }
    if (!paramsTold) {
      await offer('the parameters', () => runs.logParams(id, run.params, left()));
      paramsTold = true;
    }
    const newTags = tags;
    if (Object.keys(newTags).length > 0) {
      await offer('the tags', () => runs.logTags(id, newTags, left()));
      if (tags === newTags) tags = {};
    }
    while (metrics.length > 0) {
      const batch = metrics.slice(0, limits.metrics);
      await offer(`${batch.length} values`, () => runs.logMetrics(id, batch, left()));
      const sent = new Set(batch);
      metrics = metrics.filter((metric) => !sent.has(metric));
    }
    if (ending) {
      await runs.end(id, ending.status, ending.at, left());
      over = true;
    }
  }

  async function work(): Promise<void> {
    for (let failures = 0; !over; ) {
      try {
        await sendAll();
        if (down) log.info(`MLflow at ${settings.uri} is told of this training again.`);
        down = false;
        failures = 0;
      } catch (error) {
        failures++;
        if (!down)
          log.warn(
            `MLflow at ${settings.uri} is not told of this training for now: ${(error as Error).message}. The training goes on; what is tracked is sent once that is over.`,
          );
        down = true;
      }
      if (over || (ending && Date.now() >= ending.deadline)) return;
      const pause = failures
        ? Math.min(timings.longestPauseMs, timings.firstPauseMs * 2 ** (failures - 1))
        : timings.everyMs;
      // The end cuts a pause short; from then on it is tried again at once, up to the deadline.
      if (ending) await delay(Math.min(pause, timings.firstPauseMs));
      else
        await delay(pause, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  }
  const working = work();

  return {
    values(more: readonly Metric[]): void {
      metrics.push(...more);
      const tooMany = metrics.length - timings.buffered;
      if (tooMany <= 0) return;
      metrics = metrics.slice(tooMany);
      forgotten += tooMany;
    },
    tags(more: Record<string, string>): void {
      tags = { ...tags, ...more };
    },
    /** Sends what is left, and how and when (in milliseconds since 1970) the run ended; gives up after `withinMs`. */
    async end(status: RunEnd, withinMs: number, at = Date.now()): Promise<void> {
      ending = { status, at, deadline: Date.now() + withinMs };
      stop.abort();
      const tooLate = new AbortController();
      await Promise.race([
        working,
        delay(withinMs + 100, undefined, { signal: tooLate.signal }).catch(() => undefined),
      ]);
      tooLate.abort();
      if (!over)
        log.warn(
          `MLflow at ${settings.uri} was not told how this training ended, nor ${metrics.length + forgotten} of its values.`,
        );
      else if (forgotten > 0)
        log.warn(
          `MLflow at ${settings.uri} was not told ${forgotten} of the values of this training: the outage was too long.`,
        );
      over = true;
    },
  };
}
