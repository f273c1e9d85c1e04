import { expect } from 'chai';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { createScaler, normaliseFeatures } from './normalise.ts';

const tf = loadTensorFlow('cpu');

describe('picture features', () => {
  const scaler = createScaler([2, 1], 1.2);
  for (const row of [
    [1, 10, 5],
    [3, 30, 5],
    [5, 20, 5],
  ])
    scaler.add(Float32Array.from(row));
  const scale = scaler.scale();

  it('are measured over the rows', () => {
    expect([...scale.mean]).to.deep.equal([3, 20, 5]);
    expect(1 / (scale.factor[0] as number)).to.be.closeTo(Math.sqrt(8 / 3), 1e-6);
  });

  it('stay finite where a feature never changes', () => {
    expect(scale.factor[2]).to.equal(1);
  });

  it('get their block weights and the length 1.2', () => {
    const rows = normaliseFeatures(tf, tf.tensor2d([[5, 20, 6]]), scale).arraySync();
    const [head = 0, still = 0, tap = 0] = rows[0] ?? [];
    expect(Math.hypot(head, still, tap)).to.be.closeTo(1.2, 1e-6);
    expect(tap / head).to.be.closeTo(0.7, 1e-6);
  });

  it('of an average picture are 0, not NaN', () => {
    const rows = normaliseFeatures(tf, tf.tensor2d([[3, 20, 5]]), scale).arraySync();
    expect(rows).to.deep.equal([[0, 0, 0]]);
  });
});
