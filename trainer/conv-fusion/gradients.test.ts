import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { expect } from 'chai';
import { createRandom } from '../fit/random.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { type Batch, toInputs } from './batch.ts';
import { gradients } from './gradients.ts';
import { applyHead } from './head.ts';

const tf = loadTensorFlow('cpu');

describe('gradients of the head', () => {
  const random = createRandom(4);
  const numbers = (length: number) => Float32Array.from({ length }, () => random() * 2 - 1);
  const [size, tokens, rows, features, vectors, classes] = [6, 4, 9, 5, 4, 3];
  const [decay, pictureDecay] = [0.01, 0.003];
  const importance = Float32Array.of(1, 2, 0.5);
  const batch: Batch = {
    size,
    tokens,
    ids: Int32Array.from({ length: size * tokens }, () => random() * rows),
    weights: numbers(size * tokens),
    sentences: numbers(size * vectors),
    pictures: numbers(size * features),
    labels: Int32Array.of(0, 1, 2, 0, 1, 2),
    hasText: Float32Array.of(1, 1, 1, 1, 0, 0),
    hasPicture: Float32Array.of(1, 1, 0, 1, 1, 0),
  };
  const scale = {
    widths: [3, 2],
    mean: numbers(features),
    factor: numbers(features),
    length: 1.3,
  };
  const embedding: Tensor2D = tf.tensor2d(numbers(rows * 2 * classes), [rows, 2 * classes]);
  const kernel: Tensor2D = tf.tensor2d(numbers(features * 2 * classes), [features, 2 * classes]);
  const bias: Tensor1D = tf.tensor1d(numbers(3 * classes));
  const sentences: Tensor2D = tf.tensor2d(numbers(vectors * 2 * classes), [vectors, 2 * classes]);
  const ours = gradients(tf, { embedding, sentences, kernel, bias }, batch, scale, {
    decay,
    pictureDecay,
    importance,
  });

  /** The same loss in plain words, for tfjs to differentiate. */
  const loss = (e: Tensor2D, s: Tensor2D, k: Tensor2D, b: Tensor1D) => {
    const head = { embedding: e, sentences: s, kernel: k, bias: b };
    const margins = applyHead(tf, head, toInputs(tf, batch, scale));
    const sign = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classes).mul(2).sub(1);
    const text = tf.tensor2d(batch.hasText, [size, 1]);
    const picture = tf.tensor2d(batch.hasPicture, [size, 1]);
    const hinge = (margin: Tensor2D, counts: Tensor2D) =>
      tf.sub(1, sign.mul(margin)).relu().square().mul(counts).mul(costs).sum();
    const costs = tf.tensor2d(
      [...batch.labels].flatMap((label) =>
        [0, 1, 2].map((at) => (at === label ? (importance[at] as number) : 1)),
      ),
      [size, classes],
    );
    const [fused, alone] = tf.split(k.square(), 2, 1) as [Tensor2D, Tensor2D];
    return hinge(margins.fused, text.mul(picture))
      .add(hinge(margins.text, text))
      .add(hinge(margins.picture, picture))
      .div(size)
      .add(
        e
          .square()
          .sum()
          .add(s.square().sum())
          .add(fused.sum())
          .mul(decay)
          .add(alone.sum().mul(pictureDecay))
          .div(2),
      )
      .asScalar();
  };
  const theirs = tf.valueAndGrads((e, s, k, b) =>
    loss(e as Tensor2D, s as Tensor2D, k as Tensor2D, b as Tensor1D),
  )([embedding, sentences, kernel, bias]);

  it('have the loss that they are the slope of', () => {
    expect(ours.summary.dataSync()[0]).to.be.closeTo(theirs.value.dataSync()[0] as number, 1e-5);
  });

  (['embedding', 'sentences', 'kernel', 'bias'] as const).forEach((name, i) => {
    it(`are those that tfjs finds by itself: ${name}`, () => {
      const expected = theirs.grads[i]?.dataSync() ?? [];
      const found = ours[name]?.dataSync() ?? new Float32Array();
      expect(found).to.have.length(expected.length);
      found.forEach((value, at) => {
        expect(value).to.be.closeTo(expected[at] as number, 1e-5);
      });
    });
  });
});
