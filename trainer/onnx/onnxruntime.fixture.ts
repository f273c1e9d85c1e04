/** onnxruntime for tests. It reports its use to its maker unless this is set before the first session. */
process.env.ORT_DISABLE_TELEMETRY = '1';

export { InferenceSession, Tensor } from 'onnxruntime-node';
