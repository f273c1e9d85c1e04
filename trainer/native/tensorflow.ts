import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjs from '@tensorflow/tfjs-node';
import type { Device } from './tensorflow-wheels.ts';

export type TensorFlow = typeof tfjs;

const require = createRequire(import.meta.url);
const packages = new WeakMap<TensorFlow, string>();

/**
 * Loads TensorFlow. It takes seconds and hundreds of megabytes, so only who computes calls this.
 *
 * @throws Error that names the command if the addon was never built
 */
export function loadTensorFlow(device: Device): TensorFlow {
  // tfjs-node 4.22 still calls two functions that Node 23 removed.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Or TensorFlow takes all of the GPU's memory at its start, also where another process shares the GPU.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  const name = `@tensorflow/tfjs-node${device === 'gpu' ? '-gpu' : ''}`;
  const tf = require(name) as TensorFlow;
  packages.set(tf, name);
  return tf;
}

/** The package that a TensorFlow was loaded from: parts of it that it does not export must come from the same one. */
export function partOf<T>(tf: TensorFlow, path: string): T {
  return require(`${packages.get(tf)}/${path}`) as T;
}

/** Whether TensorFlow found a GPU that it can use. */
export function hasGpu(tf: TensorFlow): boolean {
  return (tf.backend() as unknown as { isUsingGpuDevice: boolean }).isUsingGpuDevice;
}
