import { StepError } from '@shelfwise/trainer-contract';
import type { Tensor } from '@tensorflow/tfjs-node';
import { expect } from 'chai';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { createParameter } from './adam.ts';
import { type FitProgress, fitLoop, type Learner } from './loop.ts';
import { type FitState, type Keeper, keepsNothing } from './state.ts';

const tf = loadTensorFlow('cpu');
const rows = Int32Array.from({ length: 10 }, (_, i) => i + 1);
const settings = { epochs: 3, batchSize: 4, learningRate: 0.1, seed: 7 };

/** Pulls one number towards the mean of the products' indices, with noise; counts steps in a statistic of its own. */
function createLearner() {
  const parameters = { at: createParameter(tf, [2], tf.tensor1d([0, 5])) };
  const statistics = { steps: { value: tf.scalar(0) as Tensor } };
  const seen: number[][] = [];
  const learner: Learner = {
    parameters,
    statistics,
    step(products, random) {
      seen.push([...products]);
      const target = products.reduce((sum, each) => sum + each, 0) / products.length + random();
      const slope = tf.tidy(() => parameters.at.value.sub(target));
      const loss = tf.tidy(() => slope.square().sum().dataSync()[0] as number);
      const before = statistics.steps.value;
      statistics.steps.value = tf.tidy(() => before.add(1));
      before.dispose();
      return { loss, hits: 1, gradients: { at: slope } };
    },
    judge: () => 0.25,
  };
  const end = () => {
    const values = [parameters.at.value, statistics.steps.value].map((tensor) => tensor.dataSync());
    tf.dispose([parameters.at.value, statistics.steps.value]);
    return values;
  };
  return { learner, seen, end };
}

/** Holds in memory what would lie in the store. */
function createKeeper(found?: FitState) {
  const kept: { state: FitState | undefined; refused: string[] } = {
    state: undefined,
    refused: [],
  };
  const keeper: Keeper = {
    ...keepsNothing,
    found,
    hold(state) {
      kept.state = state;
    },
    refuse: (why) => void kept.refused.push(why),
  };
  return { kept, keeper };
}

describe('the loop of a fit', () => {
  const open = new AbortController().signal;
  const quiet = { rows, settings, signal: open, onStep: () => undefined };

  it('shows every product once in an epoch, in an order of its own', async () => {
    const { learner, seen, end } = createLearner();
    const curve = await fitLoop(tf, learner, { ...quiet, keeper: keepsNothing });
    end();
    const epochs = [0, 3, 6].map((from) => seen.slice(from, from + 3).flat());
    for (const each of epochs) expect(each.toSorted((a, b) => a - b)).to.deep.equal([...rows]);
    expect(epochs[0]).to.not.deep.equal(epochs[1]);
    expect(curve.map(({ epoch, judgedAccuracy }) => [epoch, judgedAccuracy])).to.deep.equal([
      [1, 0.25],
      [2, 0.25],
      [3, 0.25],
    ]);
  });

  for (let stopAfter = 1; stopAfter <= 9; stopAfter += 1)
    it(`ends the same when it is stopped after step ${stopAfter}`, async () => {
      const whole = createLearner();
      const curve = await fitLoop(tf, whole.learner, { ...quiet, keeper: keepsNothing });
      const expected = whole.end();

      const stop = new AbortController();
      const first = createLearner();
      const { kept, keeper } = createKeeper();
      let steps = 0;
      const before = tf.memory().numTensors;
      const error = await fitLoop(tf, first.learner, {
        ...quiet,
        keeper,
        signal: stop.signal,
        onStep() {
          steps += 1;
          if (steps === stopAfter) stop.abort(new StepError('Interrupted', 'stopped'));
        },
      }).catch((reason: unknown) => reason);
      expect(error).to.equal(stop.signal.reason);
      expect(tf.memory().numTensors, 'tensors left').to.equal(before - 4);

      const second = createLearner();
      const paces: FitProgress[] = [];
      const resumed = await fitLoop(tf, second.learner, {
        ...quiet,
        keeper: createKeeper(kept.state).keeper,
        onStep: (progress) => paces.push(progress),
      });
      expect(second.end()).to.deep.equal(expected);
      expect(resumed).to.deep.equal(curve);
      expect([...first.seen, ...second.seen]).to.deep.equal(whole.seen);
      expect(paces).to.have.length(9 - stopAfter);
    });

  it('does nothing any more where all was done before the interruption', async () => {
    const { kept, keeper } = createKeeper();
    const first = createLearner();
    const curve = await fitLoop(tf, first.learner, { ...quiet, keeper });
    const expected = first.end();
    const again = createLearner();
    const found = createKeeper(kept.state).keeper;
    expect(await fitLoop(tf, again.learner, { ...quiet, keeper: found })).to.deep.equal(curve);
    expect(again.end()).to.deep.equal(expected);
    expect(again.seen).to.deep.equal([]);
  });

  it('starts over where what was kept is of another shape', async () => {
    const { kept, keeper } = createKeeper();
    const first = createLearner();
    await fitLoop(tf, first.learner, { ...quiet, keeper });
    first.end();
    const state = kept.state as FitState;
    const other = { ...state, tensors: { ...state.tensors, 'at/mean': new Float32Array(3) } };
    const again = createLearner();
    const refusing = createKeeper(other);
    await fitLoop(tf, again.learner, { ...quiet, keeper: refusing.keeper });
    again.end();
    expect(refusing.kept.refused).to.deep.equal(['at/mean has 3 numbers, not 2']);
    expect(again.seen).to.have.length(9);
  });

  it('stops where the loss is no number, names the rate, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const { learner } = createLearner();
    const wrong: Learner = { ...learner, step: (...of) => ({ ...learner.step(...of), loss: NaN }) };
    const error = await fitLoop(tf, wrong, { ...quiet, keeper: keepsNothing }).catch((e) => e);
    expect(error).to.be.instanceOf(StepError).with.property('reason', 'Diverged');
    expect(error.message).to.equal(
      'The loss is NaN in epoch 1, batch 1: lower the learning rate (now 0.1).',
    );
    expect(tf.memory().numTensors).to.equal(before);
  });
});
