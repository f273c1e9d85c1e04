import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodePicture,
  openBundle,
  type Sample,
  type Snapshot,
  StepError,
  textFeatures,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { convFusion } from '../conv-fusion/architecture.ts';
import { tinyBackbone } from '../conv-fusion/tiny-model.fixture.ts';
import { folderForAll } from '../folder.fixture.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { InferenceSession, Tensor } from '../onnx/onnxruntime.fixture.ts';
import { tinyEncoder } from '../sentences/tiny-encoder.fixture.ts';
import type { ProgressEvent } from '../step.ts';
import { testSamples, writeDataset } from './dataset.fixture.ts';
import type { Choices } from './hyperparameters.ts';
import { type Trained, type Training, train } from './train.ts';
import { trainingIn } from './training.fixture.ts';

const tf = loadTensorFlow('cpu');
const products = 150;
const noProgress: (event: ProgressEvent) => void = () => undefined;

describe('training', () => {
  const folder = folderForAll();
  let snapshot: Snapshot;
  before(async () => {
    snapshot = await writeDataset(folder.store(), await testSamples(products));
  });

  const told: ProgressEvent[] = [];
  async function run(
    choices: Choices = {},
    {
      on = snapshot,
      signal = new AbortController().signal,
      progress = noProgress,
      log = undefined as Training['log'] | undefined,
    } = {},
  ): Promise<Trained> {
    return train({
      ...(await trainingIn(folder, on)),
      ...(log && { log }),
      architecture: convFusion,
      stage: { kind: 'features', size: 32, backbone: tinyBackbone(), sentences: tinyEncoder() },
      hyperparameters: convFusion.settings({ imageSize: 32, epochs: 6, ...choices }, products),
      signal,
      progress(event) {
        told.push(event);
        progress(event);
      },
    });
  }

  describe('a bundle', () => {
    let trained: Trained;
    before(async () => {
      trained = await run();
    });

    it('comes from a model that learned', () => {
      expect(trained.validation.metrics.accuracy).to.be.above(0.8);
      expect(trained.validation.products).to.be.within(5, 40);
    });

    it('is made again byte for byte from the same seed, and not from another', async () => {
      expect((await run()).tar.digest).to.equal(trained.tar.digest);
      expect((await run({ seed: 1 })).tar.digest).to.not.equal(trained.tar.digest);
    });

    it('is the same whether its features were computed, found in the store, or found there damaged', async () => {
      const packs = join(folder.path, 'store', 'features');
      const seen: object[] = [];
      const note = (about: object) => seen.push(about);
      const log = { info: note, warn: note } as unknown as Training['log'];
      expect((await run({}, { log })).tar.digest).to.equal(trained.tar.digest);
      for (const pack of await readdir(packs, { recursive: true }))
        if (pack.endsWith('.pack')) await writeFile(join(packs, pack), 'not what it was');
      expect((await run({}, { log })).tar.digest).to.equal(trained.tar.digest);
      await rm(packs, { recursive: true });
      expect((await run({}, { log })).tar.digest).to.equal(trained.tar.digest);
      const [found, damaged, ...computed] = seen as Record<string, unknown>[];
      expect(found).to.include({ computed: 0 });
      expect(damaged).to.have.property('key');
      expect(computed).to.have.length(2);
      for (const each of computed) expect(each.computed).to.be.above(100);
    });

    it('is accepted by its own checker, and onnxruntime repeats its golden answers', async () => {
      const into = join(folder.path, 'opened');
      const bundle = await openBundle(trained.tar.path, trained.tar.digest, into);
      const { golden, preprocessing } = bundle;
      expect(golden.cases.length).to.be.within(4, 8);
      expect(golden.cases.some((each) => each.image === null)).to.equal(true);
      expect(golden.cases.some((each) => each.designation === null)).to.equal(true);
      const session = await InferenceSession.create(bundle.modelPath);
      for (const each of golden.cases) {
        const text = textFeatures(each.designation, each.description, preprocessing.text);
        const { size } = preprocessing.image;
        const pixels = each.image
          ? await decodePicture(Buffer.from(each.image, 'base64'), size)
          : new Uint8Array(size * size * 3);
        const answers = await session.run({
          text_ids: new Tensor('int32', text.ids, [1, text.ids.length]),
          text_weights: new Tensor('float32', text.weights, [1, text.ids.length]),
          image: new Tensor('uint8', pixels, [1, size, size, 3]),
          image_present: new Tensor('float32', [each.image ? 1 : 0], [1, 1]),
          text_present: new Tensor('float32', [text.present ? 1 : 0], [1, 1]),
        });
        const got = answers.probabilities?.data ?? [];
        each.probabilities.forEach((value, i) => {
          expect(got[i]).to.be.closeTo(value, golden.tolerance);
        });
      }
      await session.release();
    });

    it('tells epoch, step, loss, accuracy, rate and time left', () => {
      const last = told.findLast((event) => event.phase === 'final fit');
      expect(last).to.include({ step: 'train', epoch: 6, epochs: 6 });
      for (const field of ['batch', 'batches', 'loss', 'accuracy', 'itemsPerSecond', 'etaSeconds'])
        expect(last).to.have.property(field).that.is.a('number');
    });

    it('has a card without a clock that names dataset, classes and licence', async () => {
      const card = await readFile(join(folder.path, 'opened', 'MODEL_CARD.md'), 'utf8');
      for (const words of [snapshot.digest, 'cups', 'shoes', 'toys', 'Apache'])
        expect(card).to.contain(words);
      expect(card).to.not.match(/20\d\d-\d\d-\d\d/);
    });
  });

  it('keeps no tensors, neither from phase to phase nor in the end', async () => {
    await run({ epochs: 1 });
    const before = tf.memory().numTensors;
    const after = new Map<string, number>();
    const progress = ({ phase = '' }: ProgressEvent) => {
      if (!after.has(phase)) after.set(phase, tf.memory().numTensors);
    };
    await run({ epochs: 1 }, { progress });
    after.set('the end', tf.memory().numTensors);
    for (const phase of ['features', 'texts of the fit to be judged', 'texts of the final fit'])
      expect(after.get(phase), `at the beginning of: ${phase}`).to.equal(before);
    expect(after.get('the end')).to.equal(before);
  });

  it('says so when the loss is no longer a number', async () => {
    const error = await run({ learningRate: 1e30 }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StepError).with.property('reason', 'Diverged');
  });

  for (const phase of ['features', 'final fit'])
    it(`stops when told to, also in: ${phase}`, async () => {
      const stop = new AbortController();
      const reason = new StepError('Interrupted', 'stopped');
      const progress = (event: ProgressEvent) => {
        if (event.phase === phase) stop.abort(reason);
      };
      const error = await run({}, { signal: stop.signal, progress }).catch((e: unknown) => e);
      expect(error).to.equal(reason);
    });

  const damaged: [string, Partial<Sample>][] = [
    ['whose picture is cut', { picture: Buffer.from('\x89PNG\r\n\x1a\n…', 'latin1') }],
  ];
  for (const [what, change] of damaged)
    it(`names a product ${what}`, async () => {
      const samples = await testSamples(60);
      Object.assign(samples[41] as Sample, change);
      const error = await run({}, { on: await writeDataset(folder.store(), samples) }).catch(
        (e) => e,
      );
      expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
      expect(error.message).to.contain('product-41');
    });

  it('learns from products that all lack a picture', async () => {
    const samples = (await testSamples(60)).map((sample) => ({ ...sample, picture: null }));
    const { validation } = await run({}, { on: await writeDataset(folder.store(), samples) });
    expect(validation.metrics.accuracy).to.be.above(0.6);
  });
});
