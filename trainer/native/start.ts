import { StepError } from '@shelfwise/trainer-contract/messages';
import { hasGpu, loadTensorFlow, type TensorFlow } from './tensorflow.ts';
import type { Device } from './tensorflow-wheels.ts';

/** Throws NoGPU where one is asked for and none is there, BadConfiguration where TensorFlow itself is not. */
export function startTensorFlow(device: Device, load = loadTensorFlow): TensorFlow {
  let tf: TensorFlow;
  try {
    tf = load(device);
  } catch (cause) {
    const [words] = (cause as Error).message.split('\n');
    throw new StepError(
      'BadConfiguration',
      `TensorFlow for ${device} does not load: run "npm run setup:tensorflow ${device}" (${words}).`,
      { cause },
    );
  }
  if (device === 'gpu' && !hasGpu(tf))
    throw new StepError(
      'NoGPU',
      'TensorFlow sees no GPU: request nvidia.com/gpu for the pod (or choose --device cpu).',
    );
  return tf;
}
