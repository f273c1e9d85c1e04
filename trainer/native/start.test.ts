import { exitCodeOf, StepError } from '@shelfwise/trainer-contract/messages';
import { expect } from 'chai';
import { startTensorFlow } from './start.ts';
import { loadTensorFlow } from './tensorflow.ts';

describe('TensorFlow for a device', () => {
  const onCpu = () => loadTensorFlow('cpu');
  const failure = (start: () => unknown): StepError => {
    try {
      start();
    } catch (error) {
      if (error instanceof StepError) return error;
      throw error;
    }
    throw new Error('It started.');
  };

  it('starts on the CPU', () => {
    expect(startTensorFlow('cpu').version.tfjs).to.be.a('string');
  });

  it('ends with code 14 where there is no GPU, and says what to ask for', () => {
    const error = failure(() => startTensorFlow('gpu', onCpu));
    expect(exitCodeOf(error)).to.equal(14);
    expect(error.message).to.include('request nvidia.com/gpu').and.to.include('--device cpu');
  });

  it('ends with code 10 where its library is not there, and says how to get it', () => {
    const load = () => {
      throw new Error("Cannot find module 'tfjs_binding.node'\nRequire stack: …");
    };
    const error = failure(() => startTensorFlow('gpu', load));
    expect(exitCodeOf(error)).to.equal(10);
    expect(error.message).to.equal(
      `TensorFlow for gpu does not load: run "npm run setup:tensorflow gpu" (Cannot find module 'tfjs_binding.node').`,
    );
  });

  it('takes the memory of a GPU as it needs it', () => {
    onCpu();
    expect(process.env.TF_FORCE_GPU_ALLOW_GROWTH).to.equal('true');
  });
});
