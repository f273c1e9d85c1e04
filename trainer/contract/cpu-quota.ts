import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface CpuSources {
  /** The text of a file, or undefined if there is none. */
  read: (path: string) => string | undefined;
  parallelism: () => number;
}

const fromSystem: CpuSources = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },
  parallelism: availableParallelism,
};

/**
 * One worker thread for each whole core that this process may use, at least one: of the CPU quota of its cgroup
 * (v2 `cpu.max`, v1 `cpu.cfs_*`), at most as many as the scheduler offers. os.availableParallelism() knows affinity but
 * no quota: it says 2 under a limit of 500m, and a worker more than there are cores only gets the whole pod throttled.
 * Each worker holds a model: a pod without a CPU limit must not hold it once for each core of a large node, so without
 * a quota there are at most `mostWithoutQuota`.
 */
export function defaultWorkers(mostWithoutQuota: number, sources: CpuSources = fromSystem): number {
  const quota = quotaV2(sources) ?? quotaV1(sources);
  const most = quota === undefined ? mostWithoutQuota : Math.floor(quota);
  return Math.max(1, Math.min(most, sources.parallelism()));
}

function quotaV2({ read }: CpuSources): number | undefined {
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? '').trim().split(/\s+/);
  return ratio(quota, period);
}

function quotaV1({ read }: CpuSources): number | undefined {
  for (const controller of ['cpu', 'cpu,cpuacct']) {
    const folder = `/sys/fs/cgroup/${controller}`;
    const quota = ratio(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`));
    if (quota !== undefined) return quota;
  }
  return undefined;
}

/** `max` and -1 both mean no limit. */
function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const [q, p] = [Number(quota?.trim() || Number.NaN), Number(period?.trim() || Number.NaN)];
  return q > 0 && p > 0 ? q / p : undefined;
}
