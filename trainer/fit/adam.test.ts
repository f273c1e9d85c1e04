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

  it('leaves no tensor behind, and what others hold as it was', () => {
    const before = tf.memory().numTensors;
    const parameter = createParameter(tf, [2, 2], tf.ones([2, 2]));
    const others = parameter.value.reshape([4]);
    const gradient = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    for (let step = 1; step <= 3; step += 1)
      adamStep(tf, parameter, gradient, { step, learningRate: 0.1 });
    expect([...others.dataSync()]).to.deep.equal([1, 1, 1, 1]);
    expect([...gradient.dataSync()]).to.deep.equal([1, 2, 3, 4]);
    for (const value of parameter.value.dataSync()) expect(value).to.be.closeTo(0.7, 1e-5);
    tf.dispose([others, gradient, ...Object.values(parameter)]);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('slows down by half a cosine', () => {
    expect([0, 50, 100].map((step) => cosine(0.04, step, 100))).to.deep.equal([0.04, 0.02, 0]);
  });
});
