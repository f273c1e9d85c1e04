import { expect } from 'chai';
import { defaultWorkers } from './cpu-quota.ts';

const v2 = (text: string) => ({ '/sys/fs/cgroup/cpu.max': text });
const v1 = (folder: string, quota: string, period = '100000\n') => ({
  [`/sys/fs/cgroup/${folder}/cpu.cfs_quota_us`]: quota,
  [`/sys/fs/cgroup/${folder}/cpu.cfs_period_us`]: period,
});

const cases: {
  name: string;
  files: Record<string, string>;
  cores: number;
  /** Without a bound of the caller's. */
  unbounded: number;
  workers: number;
}[] = [
  { name: 'no cgroup', files: {}, cores: 4, unbounded: 4, workers: 4 },
  { name: 'v2 without a limit', files: v2('max 100000\n'), cores: 4, unbounded: 4, workers: 4 },
  { name: 'no limit on a large node', files: {}, cores: 64, unbounded: 64, workers: 4 },
  { name: 'v2 eight of many', files: v2('800000 100000\n'), cores: 64, unbounded: 8, workers: 8 },
  { name: 'v2 half a core', files: v2('50000 100000\n'), cores: 4, unbounded: 1, workers: 1 },
  { name: 'v2 two and a half', files: v2('250000 100000\n'), cores: 4, unbounded: 2, workers: 2 },
  {
    name: 'v2 more than there are',
    files: v2('1600000 100000\n'),
    cores: 4,
    unbounded: 4,
    workers: 4,
  },
  { name: 'v1 without a limit', files: v1('cpu', '-1\n'), cores: 2, unbounded: 2, workers: 2 },
  { name: 'v1 half a core', files: v1('cpu', '50000\n'), cores: 2, unbounded: 1, workers: 1 },
  {
    name: 'v1 under its long name',
    files: v1('cpu,cpuacct', '300000\n'),
    cores: 8,
    unbounded: 3,
    workers: 3,
  },
];

describe('CPU quota', () => {
  for (const { name, files, cores, unbounded, workers } of cases) {
    it(name, () => {
      const sources = { read: (path: string) => files[path], parallelism: () => cores };
      expect(defaultWorkers(Number.POSITIVE_INFINITY, sources)).to.equal(unbounded);
      expect(defaultWorkers(4, sources)).to.equal(workers);
    });
  }
});
