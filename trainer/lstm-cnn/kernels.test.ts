import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-node';
import { expect } from 'chai';
import { createRandom } from '../fit/random.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { batchNormEpsilon, lstm, normaliseBatch } from './kernels.ts';

const tf = loadTensorFlow('cpu');
const random = createRandom(8);
const numbers = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() * 2 - 1),
    shape,
  );
function close(got: Tensor, wanted: Tensor): void {
  expect(got.shape).to.deep.equal(wanted.shape);
  expect(got.sub(wanted).abs().max().dataSync()[0]).to.be.below(1e-4);
}

/** Each kernel against the same in single operations, whose slopes tfjs finds by itself. */
describe('kernels of TensorFlow', () => {
  it('LSTM: what it holds in the end, and its slopes', () => {
    const [words, n, width, units] = [5, 3, 4, 6];
    const inputs = [
      numbers([words, n, width]),
      numbers([width + units, 4 * units]),
      numbers([4 * units]),
    ];
    const plain = (x: Tensor, kernel: Tensor, bias: Tensor) => {
      let held: Tensor = tf.zeros([n, units]);
      let cell: Tensor = tf.zeros([n, units]);
      for (const each of tf.unstack(x)) {
        const gates = tf.concat([each, held], 1).matMul<Tensor>(kernel).add<Tensor>(bias);
        const [i, f, c, o] = tf.split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
        cell = f.sigmoid().mul<Tensor>(cell).add(i.sigmoid().mul(c.tanh()));
        held = o.sigmoid().mul(cell.tanh());
      }
      return held;
    };
    const weights = numbers([n, units]);
    const slopes = (f: (x: Tensor, kernel: Tensor, bias: Tensor) => Tensor) =>
      tf.grads((x, kernel, bias) =>
        f(x as Tensor, kernel as Tensor, bias as Tensor)
          .mul(weights)
          .sum(),
      )(inputs);
    const ours = (x: Tensor, kernel: Tensor, bias: Tensor) =>
      lstm(tf, x as Tensor3D, kernel as Tensor2D, bias as Tensor1D) as Tensor;
    const [x, kernel, bias] = inputs as [Tensor, Tensor, Tensor];
    close(ours(x, kernel, bias), plain(x, kernel, bias));
    const expected = slopes(plain);
    slopes(ours).forEach((slope, i) => {
      close(slope, expected[i] as Tensor);
    });
  });

  it('batch norm: values, mean, variance and slopes', () => {
    const inputs = [numbers([4, 3, 3, 2]), numbers([2]), numbers([2])];
    const weights = numbers([4, 3, 3, 2]);
    const plain = (x: Tensor, scale: Tensor, offset: Tensor) => {
      const mean = x.mean([0, 1, 2]);
      const variance = x.sub(mean).square().mean([0, 1, 2]);
      return x
        .sub(mean)
        .div(variance.add(batchNormEpsilon).sqrt())
        .mul<Tensor>(scale)
        .add<Tensor>(offset);
    };
    const ours = (x: Tensor, scale: Tensor, offset: Tensor) =>
      normaliseBatch(tf, x as Tensor4D, scale as Tensor1D, offset as Tensor1D).y as Tensor;
    const slopes = (f: typeof plain) =>
      tf.grads((x, scale, offset) =>
        f(x as Tensor, scale as Tensor, offset as Tensor)
          .mul(weights)
          .sum(),
      )(inputs);
    const [x, scale, offset] = inputs as [Tensor, Tensor, Tensor];
    close(ours(x, scale, offset), plain(x, scale, offset));
    const expected = slopes(plain);
    slopes(ours).forEach((slope, i) => {
      close(slope, expected[i] as Tensor);
    });
    const { mean } = normaliseBatch(tf, x as Tensor4D, scale as Tensor1D, offset as Tensor1D);
    close(mean, x.mean([0, 1, 2]));
  });
});
