/** onnxruntime for tests, which tell its maker nothing either. */
import '@shelfwise/trainer-contract/onnxruntime';

export { InferenceSession, Tensor } from 'onnxruntime-node';
