import { availableParallelism, cpus, totalmem } from 'node:os';

/** What figures were taken on, in words. */
export function machineWords(): string {
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() || 'CPU of unknown make';
  return `${availableParallelism()} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
