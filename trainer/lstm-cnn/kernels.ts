import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-node';
import { kernelsOf } from '../native/kernels.ts';
import type { TensorFlow } from '../native/tensorflow.ts';

/*
 * Kernels of TensorFlow that tfjs has no function for. As single operations of tfjs an LSTM over 100 words takes 1,500
 * calls a step, each of which costs more than it computes; here it is one call forward and one back.
 */

/**
 * A long short-term memory over whole sequences; what it holds after the last word.
 * Gates in the order input, forget, cell, output. Source of the kernel: tensorflow/core/kernels/rnn/lstm_ops.cc.
 *
 * @param x float32 [words, n, width]
 * @param kernel float32 [width + units, 4 × units]: rows for the word, then for what was said before
 * @param bias float32 [4 × units]
 * @returns float32 [n, units]
 */
export function lstm(tf: TensorFlow, x: Tensor3D, kernel: Tensor2D, bias: Tensor1D): Tensor2D {
  const kernels = kernelsOf(tf);
  const [words, n] = x.shape;
  const units = bias.size / 4;
  const peepholes = kernels.flag('use_peephole', false);
  const run = tf.customGrad((...all) => {
    const [input, weights, offsets, save] = all as unknown as [
      Tensor3D,
      Tensor2D,
      Tensor1D,
      (tensors: Tensor[]) => void,
    ];
    const [none, unused] = [tf.zeros([n, units]), tf.zeros([units])];
    const inputs = [input, none, none, weights, unused, unused, unused, offsets];
    const attributes = [kernels.float('cell_clip', 0), peepholes, kernels.type('T')];
    const length = kernels.int64(words);
    // Of every word: input gate, cell state, forget gate, output gate, cell input, cell, output.
    const states = kernels.run('BlockLSTMV2', attributes, [length, ...inputs], 7);
    save([...inputs, ...states]);
    const value = (states[6] as Tensor3D)
      .slice([words - 1, 0, 0], [1, n, units])
      .reshape([n, units]);
    const gradFunc = (slope: Tensor, saved: Tensor[]) => {
      // Only what is held after the last word goes on, so only there a slope comes in.
      const before = tf.zeros([words - 1, n, units]);
      const outputs = tf.concat([before, slope.reshape([1, n, units])], 0);
      const back = kernels.run(
        'BlockLSTMGradV2',
        [peepholes, kernels.type('T')],
        [length, ...saved, tf.zeros([words, n, units]), outputs],
        8,
      );
      return [back[0], back[3], back[7]] as Tensor[];
    };
    return { value, gradFunc };
  });
  return run(x, kernel, bias) as Tensor2D;
}

/** Keras's. Below it a channel is as good as constant. */
export const batchNormEpsilon = 1e-3;

/**
 * Batch normalisation with the batch's own mean and variance.
 * Source of the kernel: tensorflow/core/kernels/fused_batch_norm_op.cc.
 *
 * @param x float32 [n, height, width, channels]
 * @returns y of the same shape; mean and variance [channels], for the moving averages: the caller disposes of these two
 */
export function normaliseBatch(
  tf: TensorFlow,
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
): { y: Tensor4D; mean: Tensor1D; variance: Tensor1D } {
  const kernels = kernelsOf(tf);
  const attributes = [
    kernels.type('T'),
    kernels.type('U'),
    kernels.float('epsilon', batchNormEpsilon),
    kernels.text('data_format', 'NHWC'),
    kernels.flag('is_training', true),
  ];
  const statistics: Tensor[] = [];
  const run = tf.customGrad((...all) => {
    const [input, gamma, beta, save] = all as unknown as [
      Tensor4D,
      Tensor1D,
      Tensor1D,
      (tensors: Tensor[]) => void,
    ];
    const empty = tf.zeros([0]);
    const outputs = kernels.run(
      'FusedBatchNormV3',
      [...attributes, kernels.float('exponential_avg_factor', 1)],
      [input, gamma, beta, empty, empty],
      6,
    );
    const [value, mean, variance, ...reserved] = outputs as [Tensor, Tensor, Tensor, ...Tensor[]];
    // What is no result of this function would be cleared away behind it.
    statistics.push(tf.keep(mean), tf.keep(variance));
    save([input, gamma, ...reserved]);
    const gradFunc = (slope: Tensor, saved: Tensor[]) => {
      const [seen, weight, ...rest] = saved as [Tensor, Tensor, ...Tensor[]];
      const back = kernels.run(
        'FusedBatchNormGradV3',
        attributes,
        [slope, seen, weight, ...rest],
        5,
      );
      return back.slice(0, 3);
    };
    return { value, gradFunc };
  });
  const y = run(x, scale, offset) as Tensor4D;
  const [mean, variance] = statistics as [Tensor1D, Tensor1D];
  return { y, mean, variance };
}
