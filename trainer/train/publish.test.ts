import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  keys,
  type Manifest,
  readManifest,
  StepError,
  type Store,
  sha256Of,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForEach } from '../folder.fixture.ts';
import { alreadyPublished, publish, tarReference } from './publish.ts';

describe('publishing a release', () => {
  const folder = folderForEach();
  let store: Store;
  let tarPath: string;
  const open = new AbortController().signal;
  const manifest: Manifest = {
    schemaVersion: 1,
    release: 'shop-1',
    tar: tarReference({ digest: sha256Of('tar'), size: 3 }),
    dataset: sha256Of('dataset'),
    code: { version: '1.0.0', image: null },
    seed: 0,
    hyperparameters: { epochs: 10, learningRate: 0.04 },
    metrics: { accuracy: 0.9 },
    parent: null,
    owner: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:00.000Z',
  };
  beforeEach(async () => {
    store = folder.store();
    tarPath = join(folder.path, 'model.tar');
    await writeFile(tarPath, 'tar');
  });

  it('leaves a tar and the manifest that names it', async () => {
    await publish(store, manifest, tarPath, open);
    expect(await readManifest(store, 'shop-1')).to.deep.equal(manifest);
    expect(String(await store.read(keys.model('shop-1', manifest.tar.sha256)))).to.equal('tar');
  });

  it('has one winner when two write the same release', async () => {
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((version) =>
        publish(store, { ...manifest, code: { version, image: null } }, tarPath, open),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).to.be.instanceOf(StepError).with.property('reason', 'LostRace');
  });

  it('writes no manifest after it was told to stop', async () => {
    const reason = new StepError('Interrupted', 'stopped');
    const error = await publish(store, manifest, tarPath, AbortSignal.abort(reason)).catch(
      (e) => e,
    );
    expect(error).to.equal(reason);
    expect(await store.stat(keys.manifest('shop-1'))).to.equal(undefined);
  });

  describe('that is already there', () => {
    beforeEach(() => publish(store, manifest, tarPath, open));

    it('is taken for this training where dataset and settings are the same', async () => {
      const wanted = { ...manifest, hyperparameters: { learningRate: 0.04, epochs: 10 } };
      expect(await alreadyPublished(store, wanted)).to.deep.equal(manifest);
    });

    for (const [what, change] of Object.entries<Partial<Manifest>>({
      dataset: { dataset: sha256Of('other') },
      seed: { seed: 1 },
      hyperparameter: { hyperparameters: { epochs: 11, learningRate: 0.04 } },
    }))
      it(`is another's where the ${what} differs`, async () => {
        const error = await alreadyPublished(store, { ...manifest, ...change }).catch((e) => e);
        expect(error).to.be.instanceOf(StepError).with.property('reason', 'LostRace');
      });
  });

  it('finds nothing in an empty store', async () => {
    expect(await alreadyPublished(store, manifest)).to.equal(undefined);
  });
});
