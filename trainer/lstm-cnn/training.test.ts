import { join } from 'node:path';
import { openBundle, type Sample, type Snapshot, StepError } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForAll } from '../folder.fixture.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { testSamples, writeDataset } from '../train/dataset.fixture.ts';
import type { Choices } from '../train/hyperparameters.ts';
import { type Trained, train } from '../train/train.ts';
import { trainingIn } from '../train/training.fixture.ts';
import { lstmCnn } from './architecture.ts';

const tf = loadTensorFlow('cpu');
const products = 150;

describe('training an lstm-cnn', function () {
  this.timeout(900_000);
  const folder = folderForAll();
  let snapshot: Snapshot;
  before(async () => {
    snapshot = await writeDataset(folder.store(), await testSamples(products));
  });

  async function run(choices: Choices = {}, on = snapshot): Promise<Trained> {
    return train({
      ...(await trainingIn(folder, on)),
      architecture: lstmCnn,
      stage: { kind: 'pixels', size: 32 },
      hyperparameters: lstmCnn.settings({ imageSize: 32, epochs: 8, ...choices }, products),
    });
  }

  it('learns, from text and picture, from each alone, and says how it went', async () => {
    const { tar, validation } = await run({ epochs: 15 });
    for (const part of ['metrics', 'text', 'picture'] as const)
      expect(validation[part].accuracy, part).to.be.above(0.8);
    const bundle = await openBundle(tar.path, tar.digest, join(folder.path, 'opened'));
    expect(bundle.preprocessing.architecture).to.equal('lstm-cnn');
    expect(bundle.preprocessing.text).to.include({ kind: 'sequence' });
    const { curves } = bundle.metrics as unknown as { curves: Record<string, object[]> };
    expect(curves.judged).to.have.length(15);
    expect(curves.final?.at(-1)).to.include.keys('epoch', 'loss', 'accuracy', 'judgedAccuracy');
  });

  it('is made again byte for byte from the same seed, and not from another', async () => {
    const { tar } = await run();
    expect((await run()).tar.digest).to.equal(tar.digest);
    expect((await run({ seed: 1 })).tar.digest).to.not.equal(tar.digest);
  });

  it('keeps no tensors', async () => {
    await run({ epochs: 1 });
    const before = tf.memory().numTensors;
    await run({ epochs: 1 });
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('says so when the loss is no longer a number, and keeps no tensors then', async () => {
    const before = tf.memory().numTensors;
    const error = await run({ learningRate: 1e30 }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StepError).with.property('reason', 'Diverged');
    expect(tf.memory().numTensors).to.equal(before);
  });

  for (const [what, change] of [
    ['no picture at all', { picture: null }],
    ['no description at all', { description: null }],
  ] as [string, Partial<Sample>][])
    it(`learns from products of which there is ${what}`, async () => {
      const samples = (await testSamples(90)).map((sample) => ({ ...sample, ...change }));
      const { validation } = await run({ epochs: 15 }, await writeDataset(folder.store(), samples));
      expect(validation.metrics.accuracy).to.be.above(0.6);
    });
});
