import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { keys, readManifest, type Snapshot, type Store } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { folderForAll, testFolder } from '../folder.fixture.ts';
import { testSamples, writeDataset } from './dataset.fixture.ts';

const program = join(import.meta.dirname, '..', 'main.ts');

/**
 * The process itself, told to stop in the middle of a fit and started again, as a Job does with its pods. An epoch of conv-fusion
 * takes milliseconds: there are enough of them that the fit is not over before a slow machine has passed on the signal.
 */
for (const [architecture, epochs] of [
  ['conv-fusion', '60'],
  ['lstm-cnn', '12'],
] as const)
  describe(`the step train, ${architecture}, stopped by SIGTERM`, function () {
    this.timeout(900_000);
    const folder = folderForAll();
    let store: Store;
    let snapshot: Snapshot;
    before(async () => {
      store = folder.store();
      snapshot = await writeDataset(store, await testSamples(90));
    });

    /** Runs to the end, or to the first line of progress that `until` finds. */
    async function start(release: string, until: (line: string) => boolean = () => false) {
      const child = spawn(
        process.execPath,
        [
          ...[program, 'train', '--store', folder.url('store'), '--dataset', snapshot.digest],
          ...['--release', release, '--architecture', architecture, '--device', 'cpu'],
          ...['--image-size', '64', '--epochs', epochs, '--seed', '3'],
        ],
        { env: { ...process.env, SCRATCH_DIR: folder.path }, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      const closed = once(child, 'close');
      let stderr = '';
      child.stderr.on('data', (data) => (stderr += data));
      let last = '';
      for await (const line of createInterface({ input: child.stdout })) {
        last = line;
        // Once: a second signal ends it at once, as a person's second Ctrl-C does.
        if (!child.killed && until(line)) child.kill('SIGTERM');
      }
      const [code] = await closed;
      return { code, result: JSON.parse(last), stderr };
    }

    it('goes on where it was, and ends with the digest of one that was never stopped', async () => {
      const whole = await start('whole');
      expect(whole.code, whole.stderr).to.equal(0);

      const at = (phase: string, epoch: number) => (line: string) =>
        line.includes(`"phase":"${phase}","epoch":${epoch},`);
      for (const until of [at('fit to be judged', 4), at('final fit', 7)]) {
        const stopped = await start('parts', until);
        expect(stopped.code, stopped.stderr).to.equal(20);
        expect(stopped.result).to.include({ ok: false, reason: 'Interrupted' });
        expect(stopped.result.message).to.match(/nothing was published\. A checkpoint was written/);
        const left = await Array.fromAsync(store.list(keys.checkpoints('parts')));
        expect(left.map(({ key }) => key)).to.include(keys.checkpointIndex('parts'));
        expect(left).to.have.length(2);
        expect(await store.stat(keys.manifest('parts'))).to.equal(undefined);
      }

      const parts = await start('parts');
      expect(parts.code, parts.stderr).to.equal(0);
      expect(parts.stderr).to.contain('going on from a checkpoint');
      expect(parts.result.digest).to.equal(whole.result.digest);
      expect((await readManifest(store, 'parts')).metrics).to.deep.equal(
        (await readManifest(store, 'whole')).metrics,
      );
      expect(await Array.fromAsync(store.list(keys.checkpoints('parts')))).to.deep.equal([]);
    });

    it('ends with code 20, and says so, where the store takes no checkpoint', async () => {
      const none = await testFolder();
      const inTheWay = join(folder.path, 'store', 'checkpoints');
      await rename(inTheWay, join(none.path, 'checkpoints')).catch(() => undefined);
      await writeFile(inTheWay, 'no folder');
      const stopped = await start('nowhere', (line) =>
        line.includes('"phase":"final fit","epoch":2,'),
      );
      await rm(inTheWay);
      await none.remove();
      expect(stopped.code, stopped.stderr).to.equal(20);
      expect(stopped.result.message).to.match(
        /nothing was published\. No checkpoint could be written/,
      );
      expect(stopped.stderr).to.contain('no checkpoint could be written');
      expect(await store.stat(keys.manifest('nowhere'))).to.equal(undefined);
    });
  });
