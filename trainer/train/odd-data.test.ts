import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  keys,
  openBundle,
  type Sample,
  type Snapshot,
  StepError,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { convFusion } from '../conv-fusion/architecture.ts';
import { tinyBackbone } from '../conv-fusion/tiny-model.fixture.ts';
import { folderForEach } from '../folder.fixture.ts';
import { lstmCnn } from '../lstm-cnn/architecture.ts';
import { testSamples, writeDataset } from './dataset.fixture.ts';
import { train } from './train.ts';
import { trainingIn } from './training.fixture.ts';

const count = 60;
const choices = { imageSize: 32, epochs: 1 };

describe('training on odd data', function () {
  this.timeout(600_000);
  const folder = folderForEach();
  const kinds = {
    'conv-fusion': async (snapshot: Snapshot) =>
      train({
        ...(await trainingIn(folder, snapshot)),
        architecture: convFusion,
        stage: { kind: 'features', size: 32, backbone: tinyBackbone() },
        hyperparameters: convFusion.settings(choices, count),
      }),
    'lstm-cnn': async (snapshot: Snapshot) =>
      train({
        ...(await trainingIn(folder, snapshot)),
        architecture: lstmCnn,
        stage: { kind: 'pixels', size: 32 },
        hyperparameters: lstmCnn.settings(choices, count),
      }),
  };

  const catalogues: [string, (samples: Sample[]) => Sample[], classes: number][] = [
    [
      'a class of one product',
      (samples) => samples.map((one, i) => (i === 30 ? { ...one, class: 'alone' } : one)),
      4,
    ],
    [
      'a class for nearly each product',
      (samples) => samples.map((one, i) => ({ ...one, class: `class ${i >> 1}` })),
      count / 2,
    ],
    [
      'no description at all',
      (samples) => samples.map((one) => ({ ...one, description: null })),
      3,
    ],
    [
      'no word in any text',
      (samples) => samples.map((one) => ({ ...one, designation: '!?', description: '' })),
      3,
    ],
    [
      'hostile texts',
      (samples) => {
        const texts = [
          '\0',
          '\ud800\udc00\ud800',
          '\u202e\u0645\u0631\u062d\u0628\u0627',
          '&#0;&amp;lt;',
          'a'.repeat(2 ** 20),
        ];
        return samples.map((one, i) => ({
          ...one,
          designation: texts[i % texts.length] as string,
        }));
      },
      3,
    ],
  ];
  for (const [architecture, run] of Object.entries(kinds))
    describe(`of ${architecture}`, () => {
      for (const [name, make, classes] of catalogues)
        it(`makes a bundle of ${name}`, async () => {
          const samples = make(await testSamples(count));
          const { tar } = await run(await writeDataset(folder.store(), samples));
          const bundle = await openBundle(tar.path, tar.digest, join(folder.path, 'opened'));
          expect(bundle.labels.classes).to.have.length(classes);
        });

      it('makes a bundle that never answers a class which the holdout alone has', async () => {
        const samples = await testSamples(count);
        const held = samples.slice(0, 6).map((one, i) => ({ ...one, id: `held ${i}` }));
        const unseen = held.map((one, i) => (i < 3 ? { ...one, class: 'never seen' } : one));
        const snapshot = await writeDataset(folder.store(), samples, unseen);
        const { tar, validation } = await run(snapshot);
        const bundle = await openBundle(tar.path, tar.digest, join(folder.path, 'opened'));
        expect(bundle.labels.classes).to.have.length(4).and.to.include('never seen');
        expect(validation.classes.find((one) => one.class === 'never seen')?.support).to.equal(0);
        const never = bundle.labels.classes.indexOf('never seen');
        for (const { probabilities } of bundle.golden.cases)
          expect(Math.max(...probabilities)).to.be.above(probabilities[never] as number);
      });

      it('refuses a shard that was changed, and names it', async () => {
        const snapshot = await writeDataset(folder.store(), await testSamples(count));
        const key = keys.shard(snapshot.shards.train[0]?.digest as string);
        const path = join(folder.path, 'store', key);
        const bytes = await readFile(path);
        bytes[bytes.length / 2] = (bytes[bytes.length / 2] as number) ^ 1;
        await writeFile(path, bytes);
        const error = await run(snapshot).catch((e: unknown) => e);
        expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
        expect((error as Error).message)
          .to.contain(key)
          .and.to.contain('it was changed');
      });
    });
});
