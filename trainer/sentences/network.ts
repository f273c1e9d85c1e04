import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type Layer, type Norm, type SentenceEncoder, smallest } from './encoder.ts';

/** Turns pieces of texts into vectors. */
export interface SentenceReader {
  /**
   * @param ids pieces of n texts, `length` each, row by row
   * @param present 1 for a piece, 0 for the padding behind them
   * @returns float32 [n, vectorWidth]; what stands for a text without pieces means nothing
   */
  read(ids: Int32Array, present: Float32Array, length: number): Tensor2D;
}

/** Reads with TensorFlow: the layers are put into its memory in each call, for tests and a few golden cases. */
export function createReader(tf: TensorFlow, encoder: SentenceEncoder): SentenceReader {
  const { projection, projected, branches, norm, sum, dense } = encoder;
  const matrix = ({ inputs, outputs, kernel }: Layer): Tensor2D =>
    tf.tensor2d(kernel, [inputs, outputs]);
  const times = (x: Tensor2D, layer: Layer): Tensor2D => {
    const product: Tensor2D = tf.matMul(x, matrix(layer));
    return layer.bias ? product.add(tf.tensor1d(layer.bias)) : product;
  };
  const normalise = (x: Tensor2D, { gain, bias }: Norm): Tensor2D => {
    const centred = x.sub<Tensor2D>(x.mean(1, true));
    const deviation = centred.square().mean(1, true).add(smallest).sqrt();
    return centred.div<Tensor2D>(deviation).mul(tf.tensor1d(gain)).add(tf.tensor1d(bias));
  };
  return {
    read(ids, present, length) {
      const n = ids.length / length;
      return tf.tidy(() => {
        const flags: Tensor2D = tf.tensor2d(present, [n * length, 1]);
        const vectors: Tensor2D = tf.tensor2d(vectorsOf(encoder, ids), [ids.length, encoder.width]);
        // [n × length, width] → [n × length, Σ branch widths]; padding is 0 to what looks at neighbours.
        const read = normalise(times(vectors, projection), projected).mul<Tensor2D>(flags);
        const width = projection.outputs / branches.length;
        const found = branches.map(({ span, convolutions }, index) => {
          let x = read.slice([0, index * width], [-1, width]);
          for (const { kernel, bias } of convolutions) {
            const filter: Tensor3D = tf.tensor3d(kernel, [span, width, width]);
            const sequences: Tensor3D = x.reshape([n, length, width]);
            const seen = tf
              .conv1d(sequences, filter, 1, 'same')
              .add<Tensor3D>(tf.tensor1d(bias as Float32Array) as Tensor1D);
            x = seen
              .relu()
              .reshape<Tensor2D>([n * length, width])
              .add(x)
              .mul(flags);
          }
          return x;
        });
        const all = normalise(tf.concat([vectors, ...found], 1), norm).mul<Tensor2D>(flags);
        const count = flags.reshape([n, length]).sum(1, true).maximum(1);
        const total: Tensor2D = all.reshape([n, length, -1]).sum(1);
        const x = tf
          .matMul(total, matrix(sum))
          .add(count.mul(tf.tensor1d(sum.bias as Float32Array)))
          .div<Tensor2D>(count.sqrt());
        const a: Tensor2D = times(x, dense.d0).relu();
        const b: Tensor2D = times(x, dense.p1).add(times(a, dense.d1)).relu();
        const c: Tensor2D = times(b, dense.d2).relu();
        const z = times(b, dense.p3).add(times(c, dense.d3)).tanh();
        return z.div(z.square().sum(1, true).maximum(smallest).sqrt()) as Tensor2D;
      });
    },
  };
}

/** The vectors of pieces: float32 [pieces, width]. */
function vectorsOf({ table, scales, lows, width }: SentenceEncoder, ids: Int32Array): Float32Array {
  const vectors = new Float32Array(ids.length * width);
  ids.forEach((id, row) => {
    const [scale, low] = [scales[id] as number, lows[id] as number];
    for (let i = 0; i < width; i++)
      vectors[row * width + i] = (table[id * width + i] as number) * scale + low;
  });
  return vectors;
}
