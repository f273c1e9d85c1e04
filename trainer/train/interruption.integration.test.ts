import { keys, type Snapshot, StepError, type Store } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { convFusion } from '../conv-fusion/architecture.ts';
import { tinyBackbone } from '../conv-fusion/tiny-model.fixture.ts';
import type { PictureStage } from '../features/pictures.ts';
import { createRandom } from '../fit/random.ts';
import { folderForAll } from '../folder.fixture.ts';
import { lstmCnn } from '../lstm-cnn/architecture.ts';
import { tinyEncoder } from '../sentences/tiny-encoder.fixture.ts';
import type { Architecture } from './architecture.ts';
import { type Checkpoints, openCheckpoints } from './checkpoints.ts';
import { testSamples, writeDataset } from './dataset.fixture.ts';
import { train } from './train.ts';
import { trainingIn } from './training.fixture.ts';

const count = 80;
const choices = { imageSize: 32, epochs: 4, batchSize: 16 };
const backbone = tinyBackbone();
const searching = {
  axes: [{ name: 'regularisation', values: [0.7, 1.4, 0.35] }],
  budget: { minutes: 1e6, configurations: 3 },
};
const kinds: [string, Architecture, PictureStage, typeof searching?][] = [
  ['conv-fusion', convFusion, { kind: 'features', size: 32, backbone, sentences: tinyEncoder() }],
  ['conv-fusion with a search', convFusion, { kind: 'features', size: 32, backbone }, searching],
  ['lstm-cnn', lstmCnn, { kind: 'pixels', size: 32 }],
];

/** Every training is interrupted at random until it comes to its end; that must be the end of one that never was. */
for (const [name, architecture, stage, search] of kinds)
  describe(`an interrupted training of ${name}`, function () {
    this.timeout(900_000);
    const folder = folderForAll();
    let store: Store;
    let snapshot: Snapshot;
    before(async () => {
      store = folder.store();
      snapshot = await writeDataset(store, await testSamples(count));
    });

    /** One process's life: trains until `stopAfter` steps of fits and events of progress, then ends as the step does. */
    async function live(release: string, seed: number, stopAfter = Number.POSITIVE_INFINITY) {
      const said: string[] = [];
      const note = (_: unknown, words?: string) => void said.push(words ?? '');
      const log = { info: note, warn: note };
      const stop = new AbortController();
      const phases: string[] = [];
      const tell = (phase = '') => {
        phases.push(phase);
        if (phases.length === stopAfter) stop.abort(new StepError('Interrupted', 'stopped'));
      };
      const hyperparameters = architecture.settings({ ...choices, seed }, count);
      const checkpoints: Checkpoints = await openCheckpoints({
        store,
        release,
        identity: { release, hyperparameters },
        everyMinutes: 1e-6,
        log,
      });
      const trained = await train({
        ...(await trainingIn(folder, snapshot)),
        architecture: {
          ...architecture,
          fit(task) {
            const phase = task.judged.length > 0 ? 'fit to be judged' : 'final fit';
            return architecture.fit({ ...task, onStep: () => tell(phase) });
          },
        },
        stage,
        ...(search && { search }),
        hyperparameters,
        checkpoints,
        log,
        signal: stop.signal,
        progress: (event) => tell(event.phase),
      }).catch(async (error: unknown) => {
        if (error !== stop.signal.reason) throw error;
        said.push(await checkpoints.flush());
      });
      return { digest: trained?.tar.digest, phases, said };
    }

    for (const seed of [0, 1, 2])
      it(`ends with the same bytes, with the seed ${seed}`, async () => {
        const whole = await live(`whole-${seed}`, seed);
        const random = createRandom(100 + seed);
        const seen: string[] = [];
        let interruptions = 0;
        for (;;) {
          const stopAfter = 1 + Math.floor(random() * whole.phases.length);
          const { digest, phases, said } = await live(`parts-${seed}`, seed, stopAfter);
          seen.push(...phases);
          if (digest) {
            expect(digest, `after ${interruptions} interruptions`).to.equal(whole.digest);
            break;
          }
          interruptions += 1;
          expect(said.at(-1)).to.match(/A checkpoint was written|nothing to keep/);
        }
        // An epoch of a fit that had ended is never seen again.
        const ended = seen.lastIndexOf('fit to be judged');
        const begun = seen.indexOf('final fit');
        expect(ended).to.be.below(begun);
      });

    it('starts over, and says so, where the checkpoint is damaged or another’s', async () => {
      const { digest, phases } = await live('whole-3', 3);
      const half = Math.floor(phases.length / 2);
      for (const [release, damage, words] of [
        ['cut', (bytes: Buffer) => bytes.subarray(0, 100), /cannot be used/],
        ['turned', (bytes: Buffer) => Buffer.from(bytes).fill(255, 40, 41), /cannot be used/],
      ] as const)
        for (const part of ['index', 'part']) {
          const name = `${release}-${part}`;
          expect((await live(name, 3, half)).digest).to.equal(undefined);
          const all = await Array.fromAsync(store.list(keys.checkpoints(name)));
          const { key } =
            all.find((each) => each.key.endsWith('.json') === (part === 'index')) ?? {};
          expect(key, `${all.length} objects`).to.be.a('string');
          await store.write(key as string, damage(await store.read(key as string)));
          const again = await live(name, 3);
          expect(again.digest).to.equal(digest);
          expect(again.said.join('\n')).to.match(words);
        }
      expect((await live('other', 3, half)).digest).to.equal(undefined);
      const other = await live('other', 4);
      expect(other.said.join('\n')).to.match(/of other settings or data/);
      expect(other.digest).to.equal((await live('whole-4', 4)).digest);
    });
  });
