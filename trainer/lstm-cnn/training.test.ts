import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  openBundle,
  openStore,
  type Sample,
  type Snapshot,
  StepError,
  type Store,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { noCheckpoints } from '../train/checkpoints.ts';
import { testSamples, writeDataset } from '../train/dataset.fixture.ts';
import type { Choices } from '../train/hyperparameters.ts';
import { type Trained, train } from '../train/train.ts';
import { lstmCnn } from './architecture.ts';

const tf = loadTensorFlow('cpu');
const products = 150;
const silent = { info: () => undefined, warn: () => undefined };

describe('training an lstm-cnn', function () {
  this.timeout(900_000);
  let folder: string;
  let store: Store;
  let snapshot: Snapshot;
  let runs = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lstm-cnn-test-'));
    store = openStore(pathToFileURL(folder).href, { region: 'x', forcePathStyle: false });
    snapshot = await writeDataset(store, await testSamples(products));
  });
  after(() => rm(folder, { recursive: true }));

  async function run(choices: Choices = {}, on = snapshot): Promise<Trained> {
    runs += 1;
    const scratchDir = join(folder, `scratch-${runs}`);
    await mkdir(scratchDir);
    return train({
      store,
      snapshot: on,
      tf,
      architecture: lstmCnn,
      stage: { kind: 'pixels', size: 32 },
      hyperparameters: lstmCnn.settings({ imageSize: 32, epochs: 8, ...choices }, products),
      scratchDir,
      checkpoints: noCheckpoints,
      signal: new AbortController().signal,
      log: silent,
      progress: () => undefined,
    });
  }

  it('learns, from text and picture, from each alone, and says how it went', async () => {
    const { tar, validation } = await run({ epochs: 15 });
    for (const part of ['metrics', 'text', 'picture'] as const)
      expect(validation[part].accuracy, part).to.be.above(0.8);
    const bundle = await openBundle(tar.path, tar.digest, join(folder, 'opened'));
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
      const { validation } = await run({ epochs: 15 }, await writeDataset(store, samples));
      expect(validation.metrics.accuracy).to.be.above(0.6);
    });
});
