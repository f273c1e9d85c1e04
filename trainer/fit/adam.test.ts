import { expect } from 'chai';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { adamStep, cosine, createParameter } from './adam.ts';

const tf = loadTensorFlow('cpu');

describe('Adam', () => {
  it('takes the same way as that of tfjs', () => {
    const parameter = createParameter(tf, [3]);
    const theirs = tf.variable(tf.zeros([3]));
    // tfjs adds epsilon before the bias correction, we after it; with a tiny one both are the same.
    const optimiser = tf.train.adam(0.05, 0.9, 0.999, 1e-12);
    const target = tf.tensor1d([1, -2, 0.5]);
    for (let step = 1; step <= 50; step += 1) {
      const gradient = parameter.value.sub(target).mul(2);
      adamStep(tf, parameter, gradient, { step, learningRate: 0.05 });
      optimiser.minimize(() => theirs.sub(target).square().sum());
    }
    const [ours, reference] = [parameter.value.dataSync(), theirs.dataSync()];
    reference.forEach((value, i) => {
      expect(ours[i]).to.be.closeTo(value, 1e-4);
    });
  });

  it('slows down by half a cosine', () => {
    expect([0, 50, 100].map((step) => cosine(0.04, step, 100))).to.deep.equal([0.04, 0.02, 0]);
  });
});
