import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../native/tensorflow.ts';
import { cellAverages } from './cells.ts';
import type { Backbone, Convolution } from './layers.ts';
import type { Quantisation } from './quantise.ts';

/** Turns pictures into features. */
export interface FeatureExtractor {
  /**
   * @param pictures int32 [n, size, size, 3], RGB bytes
   * @returns float32 [n, Σ featureWidths]: averages of the head (square-rooted), then of each grid of the blocks
   */
  extract(pictures: Tensor4D): Tensor2D;
  dispose(): void;
}

/** Puts the backbone's weights into TensorFlow's memory, in its own layout (NHWC), once. */
export function createExtractor(tf: TensorFlow, backbone: Backbone): FeatureExtractor {
  const stem = place(tf, backbone.stem);
  const blocks = backbone.blocks.map((block) => ({
    ...block,
    placed: block.layers.map((layer) => place(tf, layer)),
  }));
  const head = place(tf, backbone.head);
  const extract = (pictures: Tensor4D) =>
    tf.tidy(() => {
      // [n, size, size, 3] → [n, size / 2, size / 2, 32]
      let x = stem.apply(pictures.toFloat().sub(127).div(128));
      const taps: Tensor2D[] = [];
      for (const block of blocks) {
        const before = x;
        for (const layer of block.placed) x = layer.apply(x);
        if (block.residual) x = x.add(before);
        if (block.rounding) x = round(x, block.rounding);
        for (const grid of block.grids) taps.push(averages(tf, x, grid));
      }
      // [n, size / 32, size / 32, 320] → [n, 1280]
      const top = head.apply(x).mean([1, 2]).sqrt() as Tensor2D;
      return tf.concat([top, ...taps], 1);
    });
  const dispose = () => {
    for (const layer of [stem, ...blocks.flatMap((block) => block.placed), head]) layer.dispose();
  };
  return { extract, dispose };
}

/** [n, side, side, channels] → [n, channels × grid × grid] */
function averages(tf: TensorFlow, x: Tensor4D, grid: number): Tensor2D {
  const [n, side, , channels] = x.shape;
  const planes = x.reshape([n, side * side, channels]).transpose([0, 2, 1]);
  const cells = tf.tensor2d(cellAverages(side, grid), [side * side, grid * grid]);
  const each = tf.matMul(planes.reshape<Tensor2D>([n * channels, side * side]), cells);
  return each.reshape([n, channels * grid * grid]);
}

/** To the nearest value that a byte stands for. */
function round(x: Tensor4D, { scale, zeroPoint }: Quantisation): Tensor4D {
  return x
    .div<Tensor4D>(scale)
    .round()
    .clipByValue(-zeroPoint, 255 - zeroPoint)
    .mul(scale);
}

function place(tf: TensorFlow, layer: Convolution) {
  const kernel = tf.tidy(() => {
    const inputs = layer.depthwise ? 1 : layer.input;
    const published = tf.tensor4d(layer.weights, [
      layer.output,
      inputs,
      layer.kernel,
      layer.kernel,
    ]);
    // Depthwise kernels are [height, width, channel, 1], others [height, width, in, out].
    return published.transpose(layer.depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]) as Tensor4D;
  });
  const bias: Tensor1D = tf.tensor1d(layer.bias);
  const convolve = layer.depthwise ? tf.depthwiseConv2d : tf.conv2d;
  return {
    apply(x: Tensor4D): Tensor4D {
      const y = convolve(x, kernel, layer.stride, 'same').add<Tensor4D>(bias);
      if (layer.rounding) return round(y, layer.rounding);
      return layer.relu6 ? tf.relu6(y) : y;
    },
    dispose() {
      tf.dispose([kernel, bias]);
    },
  };
}
