import { callMlflow, MlflowError, type MlflowSettings } from './mlflow-server.ts';

/** What MLflow is to know of a run from its beginning. */
export interface RunDescription {
  name: string;
  /** Equal for two attempts at the same training, different for any other: the second goes on in the first one's run. */
  identity: string;
  params: Record<string, string>;
  tags: Record<string, string>;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** A run that ended as FINISHED stays as it is, and is not told anything. */
  unlessFinished?: boolean;
}

/** A run's end, in MLflow's words. */
export type RunEnd = 'FINISHED' | 'FAILED' | 'KILLED';

export interface Metric {
  key: string;
  value: number;
  timestamp: number;
  step: number;
}

/** By which tag a run is found again. */
const identityTag = 'shelfwise.training';

/** What one call may hold at most, as MLflow's REST API states it. */
export const limits = {
  metrics: 1000,
  params: 100,
  tags: 100,
  paramCharacters: 500,
  tagCharacters: 5000,
};

/** MLflow's REST API, as far as a training needs it. Every function throws MlflowError. */
export function mlflowRuns(settings: MlflowSettings) {
  const get = <T>(path: string, body: Record<string, string>, timeoutMs: number) =>
    callMlflow<T>(settings, { method: 'GET', path, body, timeoutMs });
  const post = <T>(path: string, body: Record<string, unknown>, timeoutMs: number) =>
    callMlflow<T>(settings, { method: 'POST', path, body, timeoutMs });

  async function findExperiment(timeoutMs: number): Promise<string | undefined> {
    type Answer = { experiment: { experiment_id: string; lifecycle_stage?: string } };
    const query = { experiment_name: settings.experiment };
    const answer = await get<Answer>('experiments/get-by-name', query, timeoutMs).catch(
      (error: unknown) => {
        if (isCalled(error, 'RESOURCE_DOES_NOT_EXIST')) return undefined;
        throw error;
      },
    );
    if (answer?.experiment.lifecycle_stage === 'deleted')
      throw new MlflowError(
        `its experiment ${JSON.stringify(settings.experiment)} is deleted: restore it, or name another`,
      );
    return answer?.experiment.experiment_id;
  }

  async function experimentId(timeoutMs: number): Promise<string> {
    const found = await findExperiment(timeoutMs);
    if (found !== undefined) return found;
    try {
      const body = { name: settings.experiment };
      const made = await post<{ experiment_id: string }>('experiments/create', body, timeoutMs);
      return made.experiment_id;
    } catch (error) {
      // Another training was faster, or the answer to our own creation was lost.
      if (!isCalled(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
      const theirs = await findExperiment(timeoutMs);
      if (theirs === undefined) throw error;
      return theirs;
    }
  }

  return {
    /**
     * The id of the run of this training: a new one, or that of an attempt before, which then runs again; undefined for
     * one that is to stay as it is.
     */
    async open(run: RunDescription, timeoutMs: number): Promise<string | undefined> {
      const experiment = await experimentId(timeoutMs);
      type Found = { runs?: { info: { run_id: string; status: string } }[] };
      const query = {
        experiment_ids: [experiment],
        filter: `tags.\`${identityTag}\` = '${run.identity}'`,
        run_view_type: 'ACTIVE_ONLY',
        max_results: 1,
        order_by: ['attributes.start_time ASC'],
      };
      const before = (await post<Found>('runs/search', query, timeoutMs)).runs?.[0]?.info;
      if (before?.status === 'FINISHED' && run.unlessFinished) return undefined;
      if (before) {
        if (before.status !== 'RUNNING')
          await post('runs/update', { run_id: before.run_id, status: 'RUNNING' }, timeoutMs);
        return before.run_id;
      }
      const made = await post<{ run: { info: { run_id: string } } }>(
        'runs/create',
        {
          experiment_id: experiment,
          run_name: run.name,
          start_time: run.startedAt,
          // By which another attempt finds it; the others are told like all that comes later.
          tags: [{ key: identityTag, value: run.identity }],
        },
        timeoutMs,
      );
      return made.run.info.run_id;
    },

    logParams(run_id: string, params: Record<string, string>, timeoutMs: number): Promise<object> {
      const body = {
        run_id,
        params: pairs(params, limits.paramCharacters).slice(0, limits.params),
      };
      return post('runs/log-batch', body, timeoutMs);
    },

    logTags(run_id: string, tags: Record<string, string>, timeoutMs: number): Promise<object> {
      const body = { run_id, tags: pairs(tags, limits.tagCharacters).slice(0, limits.tags) };
      return post('runs/log-batch', body, timeoutMs);
    },

    logMetrics(run_id: string, metrics: Metric[], timeoutMs: number): Promise<object> {
      return post('runs/log-batch', { run_id, metrics }, timeoutMs);
    },

    end(run_id: string, status: RunEnd, endedAt: number, timeoutMs: number): Promise<object> {
      return post('runs/update', { run_id, status, end_time: endedAt }, timeoutMs);
    },
  };
}

/** Whether MLflow refused what was sent, so that sending it again is of no use. */
export function isRefusal(error: unknown): error is MlflowError {
  return error instanceof MlflowError && (error.status === 400 || error.status === 413);
}

function isCalled(error: unknown, code: string): boolean {
  return error instanceof MlflowError && error.code === code;
}

function pairs(values: Record<string, string>, most: number): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: value.slice(0, most) }));
}
