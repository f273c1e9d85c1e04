import { keys, type Store, StoreUnreachable } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import type { FitState } from '../fit/state.ts';
import { folderForEach } from '../folder.fixture.ts';
import { openCheckpoints, removeCheckpoints } from './checkpoints.ts';

const release = 'shop-1';

describe('checkpoints', () => {
  const folder = folderForEach();
  let store: Store;
  beforeEach(() => {
    store = folder.store();
  });

  function stateAt(batch: number): FitState {
    const sums = { loss: 0.1 + 0.2, hits: 3, seen: 4 };
    const randoms = { orderRandom: 7, random: 4_294_967_295 };
    const curve = [{ epoch: 1, loss: 1 / 3, accuracy: 0.5, judgedAccuracy: null }];
    return {
      position: { epoch: 2, batch, ...sums, ...randoms, curve },
      tensors: {
        kernel: Float32Array.of(1.5, -0, 1e-45, 3.4e38, batch),
        bias: Float32Array.of(0.1),
        empty: new Float32Array(),
      },
    };
  }
  async function open(from = store, more: { identity?: unknown; now?: () => number } = {}) {
    const said: string[] = [];
    const note = (_: unknown, words?: string) => void said.push(words ?? '');
    const log = { info: note, warn: note };
    const options = { store: from, release, identity: 'ours', everyMinutes: 10, log, ...more };
    return { said, log, checkpoints: await openCheckpoints(options) };
  }
  const objects = async () =>
    (await Array.fromAsync(store.list(keys.checkpoints(release)))).map(({ key }) => key);

  it('give back a state bit for bit', async () => {
    const { checkpoints } = await open();
    checkpoints.keeper('fit').hold(stateAt(5));
    expect(await checkpoints.flush()).to.match(/A checkpoint was written/);
    const again = await open();
    const found = again.checkpoints.keeper('fit').found;
    expect(found).to.deep.equal(stateAt(5));
    expect(Object.is(found?.tensors.kernel?.[1], -0)).to.equal(true);
    expect(again.checkpoints.keeper('another fit').found).to.equal(undefined);
    expect(again.said).to.deep.equal(['going on from a checkpoint']);
  });

  it('do not repeat what had ended, and do not keep its state', async () => {
    const { checkpoints } = await open();
    let runs = 0;
    const judged = (from: typeof checkpoints) =>
      from.phase('judged', async (keeper) => {
        runs += 1;
        keeper.hold(stateAt(1));
        return { accuracy: 1 / 3, curve: [1, 2] };
      });
    const first = await judged(checkpoints);
    await checkpoints.flush();
    const again = await open();
    expect(await judged(again.checkpoints)).to.deep.equal(first);
    expect(runs).to.equal(1);
    expect(again.checkpoints.keeper('judged').found).to.equal(undefined);
    expect(await objects()).to.deep.equal([keys.checkpointIndex(release)]);
  });

  it('are due every so many minutes, and leave nothing behind that nobody names', async () => {
    let minutes = 0;
    const { checkpoints } = await open(store, { now: () => minutes * 60_000 });
    const keeper = checkpoints.keeper('fit');
    for (const [at, due] of [
      [0, false],
      [9.9, false],
      [10, true],
      [11, false],
      [20, true],
    ] as const) {
      minutes = at;
      expect(keeper.due(), `at ${at} minutes`).to.equal(due);
      if (due) keeper.keep(stateAt(at));
      // One that is being written is not written again.
      expect(keeper.due()).to.equal(false);
      keeper.hold(stateAt(at));
      if (due) await checkpoints.flush();
    }
    expect(await objects()).to.have.length(2);
    expect((await open()).checkpoints.keeper('fit').found?.position.batch).to.equal(20);
  });

  it('keep the last state of all where two are written at once', async () => {
    const { checkpoints } = await open();
    const keeper = checkpoints.keeper('fit');
    for (const batch of [1, 2, 3]) keeper.keep(stateAt(batch));
    keeper.hold(stateAt(4));
    await checkpoints.flush();
    expect((await open()).checkpoints.keeper('fit').found?.position.batch).to.equal(4);
    expect(await objects()).to.have.length(2);
  });

  it('of other settings are left alone, and said', async () => {
    const { checkpoints } = await open();
    checkpoints.keeper('fit').hold(stateAt(1));
    await checkpoints.flush();
    const other = await open(store, { identity: 'another' });
    expect(other.checkpoints.keeper('fit').found).to.equal(undefined);
    expect(other.said.join()).to.contain('of other settings or data');
  });

  it('that lack their part are left alone, and said', async () => {
    const { checkpoints } = await open();
    checkpoints.keeper('fit').hold(stateAt(1));
    await checkpoints.flush();
    for (const key of await objects()) if (key.endsWith('.bin')) await store.remove(key);
    const again = await open();
    expect(again.checkpoints.keeper('fit').found).to.equal(undefined);
    expect(again.said.join()).to.contain('cannot be used');
  });

  it('that cannot be written are no reason to stop: it is said, and said once more at the end', async () => {
    const down: Store = {
      ...store,
      write: () => Promise.reject(new StoreUnreachable('The store does not answer.')),
    };
    const { checkpoints, said } = await open(down);
    expect(await checkpoints.phase('judged', async () => 1)).to.equal(1);
    checkpoints.keeper('fit').keep(stateAt(1));
    checkpoints.keeper('fit').hold(stateAt(2));
    expect(await checkpoints.flush()).to.match(/No checkpoint could be written/);
    expect(said).to.deep.equal(Array(3).fill('no checkpoint could be written'));
  });

  it('stand where the one before cannot be removed', async () => {
    const keeping: Store = { ...store, remove: () => Promise.reject(new Error('Access denied')) };
    const { checkpoints, said } = await open(keeping);
    const keeper = checkpoints.keeper('fit');
    for (const batch of [1, 2]) {
      keeper.hold(stateAt(batch));
      expect(await checkpoints.flush()).to.match(/A checkpoint was written/);
    }
    expect(said).to.deep.equal(['a part of an older checkpoint could not be removed']);
    expect((await open()).checkpoints.keeper('fit').found?.position.batch).to.equal(2);
  });

  it('that cannot be read for want of a store end the step: starting over would write over them', async () => {
    const down: Store = {
      ...store,
      read: () => Promise.reject(new StoreUnreachable('The store does not answer.')),
    };
    const error = await open(down).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StoreUnreachable);
  });

  it('are gone after publishing', async () => {
    const { checkpoints, log } = await open();
    checkpoints.keeper('fit').hold(stateAt(1));
    await checkpoints.flush();
    await removeCheckpoints({ store, release, log });
    expect(await objects()).to.deep.equal([]);
  });
});
