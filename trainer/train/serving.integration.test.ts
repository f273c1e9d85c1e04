import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keys, type Store } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForAll } from '../folder.fixture.ts';
import { architectures } from './architectures.ts';
import { testSamples, writeDataset } from './dataset.fixture.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const holdout = 30;

/** What a program says last. */
async function ask(scratch: string, program: string, args: string[]) {
  const env = { ...process.env, SCRATCH_DIR: scratch };
  const { stdout } = await run(process.execPath, [join(root, program), ...args], { env });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string);
}

/** The trainer's own checks run the exported file; here the engine that serves does, with its own featurising and batches. */
for (const architecture of Object.keys(architectures))
  describe(`a model that train made, ${architecture}, in the engine that serves`, function () {
    this.timeout(600_000);
    const folder = folderForAll();
    let store: Store;
    before(() => {
      store = folder.store();
    });

    it('repeats its golden answers, and knows products that it has not seen, each half alone, too', async () => {
      const samples = await testSamples(150 + holdout);
      const snapshot = await writeDataset(store, samples.slice(holdout), samples.slice(0, holdout));
      const release = 'served';
      const named = ['--store', folder.url('store'), '--release', release];
      const on = ['--dataset', snapshot.digest];
      const trained = await ask(folder.path, 'trainer/main.ts', [
        ...['train', ...named, ...on, '--architecture', architecture, '--device', 'cpu'],
        ...['--image-size', '32', '--epochs', '15'],
      ]);
      const facts = await ask(folder.path, 'inference/main.ts', ['evaluate', ...named, ...on]);
      expect(facts.candidate).to.deep.equal({ release, digest: trained.digest });
      expect(facts.holdout.products).to.equal(holdout);
      expect(facts.metrics.accuracy).to.be.above(0.8);
      const evaluation = JSON.parse((await store.read(keys.evaluation(release))).toString());
      const { alone, byModality, unanswered } = evaluation.candidate;
      expect(unanswered).to.equal(0);
      for (const half of [alone.text, alone.picture, ...byModality])
        expect(half.accuracy, JSON.stringify(half)).to.be.above(0.6);
    });
  });
