import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  claimOwner,
  keys,
  openBundle,
  readManifest,
  type Snapshot,
  StepError,
  type StepReason,
  type Store,
  type TrainMessage,
  trainMessageSchema,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForAll } from '../folder.fixture.ts';
import { testIo } from '../snapshot/fixture.ts';
import type { TrainerConfig } from '../step.ts';
import { testSamples, writeDataset } from './dataset.fixture.ts';
import type { Search } from './search.ts';
import { trainStep } from './step.ts';

const program = join(import.meta.dirname, '..', 'main.ts');

/** With the pretrained weights that `make setup` brings. */
describe('the step train', function () {
  this.timeout(300_000);
  const folder = folderForAll();
  let store: Store;
  let snapshot: Snapshot;
  let message: TrainMessage;
  before(async () => {
    store = folder.store();
    snapshot = await writeDataset(store, await testSamples(90));
    message = trainMessageSchema.parse((await run('good')).message);
  });

  // Of an option that is given twice, parseArgs takes the last.
  const arguments_ = (release: string, more: string[] = [], dataset = snapshot.digest) => [
    ...['--store', folder.url('store'), '--dataset', dataset, '--release', release],
    ...['--image-size', '64', '--epochs', '3', '--device', 'cpu', ...more],
  ];
  async function run(
    release: string,
    more: string[] = [],
    dataset?: string,
    also: Partial<TrainerConfig> = {},
  ) {
    const { io, scratchLeft } = await testIo(folder.path);
    const config = { ...io.config, cacheHome: process.env.XDG_CACHE_HOME, ...also };
    try {
      return await trainStep.run(arguments_(release, more, dataset), { ...io, config });
    } finally {
      expect(await scratchLeft(), 'left in scratch').to.deep.equal([]);
    }
  }

  describe('that ends well', () => {
    it('leaves a manifest that names a tar of that digest and size', async () => {
      const manifest = await readManifest(store, 'good');
      const path = join(folder.path, 'good.tar');
      const { sha256, size } = await store.readToFile(keys.model('good', message.digest), path);
      expect({ sha256, size, name: `model-${sha256.slice(7)}.tar` }).to.deep.equal(manifest.tar);
      const bundle = await openBundle(path, message.digest, join(folder.path, 'good'));
      expect(bundle.labels.classes).to.deep.equal(['cups', 'shoes', 'toys']);
      expect(bundle.preprocessing.image.size).to.equal(64);
      expect(manifest).to.deep.include({ dataset: snapshot.digest, seed: 0, owner: null });
      expect(manifest.hyperparameters).to.include({ epochs: 3, imageSize: 64 });
      const { search } = bundle.metrics as unknown as { search: Search };
      expect(manifest.chosen ?? {}).to.deep.equal(search.trials[search.chosen]?.changed);
    });

    it('leaves its curves for TensorBoard, and gives the same bytes where MLflow is away', async () => {
      const curves: string[] = [];
      for await (const { key } of store.list('releases/good/tensorboard/')) curves.push(key);
      expect(curves).to.have.length(1);
      const mlflow = { uri: 'http://127.0.0.1:1', experiment: 'e' };
      const untold = await run('untold', [], snapshot.digest, { mlflow });
      expect(untold.message).to.include({ digest: message.digest });
    });

    it('is not done again', async () => {
      const again = await run('good');
      expect(again.detail).to.deep.equal({ alreadyPublished: true });
      expect(again.message).to.include({ digest: message.digest });
    });
  });

  const refusals: [string, string[], StepReason, string][] = [
    ['the release is another training', ['--epochs', '4'], 'LostRace', 'good'],
    ['the weights are missing', ['--backbone', '/none'], 'BadConfiguration', 'setup:backbone'],
    ['the store is another ModelRelease’s', ['--owner-uid', 'b'], 'BadConfiguration', 'UID a'],
  ];
  for (const [what, more, reason, words] of refusals)
    it(`is refused where ${what}`, async () => {
      if (more.includes('--owner-uid')) await claimOwner(store, 'a');
      const release = reason === 'LostRace' ? 'good' : 'other';
      const error = await run(release, more).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(StepError).with.property('reason', reason);
      expect((error as Error).message).to.contain(words);
    });

  it('is refused where there is one class only', async () => {
    const samples = (await testSamples(30)).map((sample) => ({ ...sample, class: 'one' }));
    const { digest } = await writeDataset(store, samples);
    const error = await run('one-class', [], digest).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
  });

  it('publishes nothing after SIGTERM, and ends with code 20', async () => {
    const child = spawn(
      process.execPath,
      [program, 'train', ...arguments_('stopped', ['--epochs', '900'])],
      {
        env: { ...process.env, SCRATCH_DIR: folder.path },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const closed = once(child, 'close');
    let last = '';
    for await (const line of createInterface({ input: child.stdout })) {
      last = line;
      // Once: a second signal ends it at once, as a person's second Ctrl-C does.
      if (line.includes('"epoch":2,') && !child.killed) child.kill('SIGTERM');
    }
    expect(await closed).to.deep.equal([20, null]);
    expect(JSON.parse(last)).to.include({ ok: false, reason: 'Interrupted' });
    const left = await Array.fromAsync(store.list('releases/stopped'), ({ key }) => key);
    // Its curves so far: the next attempt's are drawn beside them.
    expect(left.filter((key) => !key.includes('/tensorboard/'))).to.deep.equal([]);
    expect(left).to.have.length(1);
  });
});
