/**
 * How onnxruntime is used, wherever: what computes the features that a model is trained on is what serves it. Both the
 * thread that starts workers and the workers import this before onnxruntime.
 */

/**
 * onnxruntime ≥ 1.30 reports its use to its maker's servers and keeps a file for that in the temporary folder, unless this
 * variable is set when the first session is created. Threads inherit it from the process, so the main thread sets it.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';

/** One thread a session: there is a worker for each core. */
export const sessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
} as const;
