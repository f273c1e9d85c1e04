/** onnxruntime for tests, which tell its maker nothing either. */
import './no-telemetry.ts';

export { InferenceSession, Tensor } from 'onnxruntime-node';
