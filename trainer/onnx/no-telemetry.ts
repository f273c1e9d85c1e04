/**
 * onnxruntime ≥ 1.30 reports its use to its maker's servers and keeps a file for that in the temporary folder, unless this
 * variable is set when the first session is created. Threads inherit it from the process, so the main thread sets it.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
