import { expect } from 'chai';
import { waitFor } from '../../hack/process/wait.ts';
import { concurrently } from '../concurrently.ts';
import { folderForEach } from '../folder.fixture.ts';
import { createGate, largeBytes, mostLarge } from './in-flight.ts';
import { fromObjects } from './pictures.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('large pictures in flight', () => {
  it('are let in up to the limit, the others in their order', async () => {
    const enter = createGate(2);
    const entered: number[] = [];
    const leaves = await Promise.all([enter(), enter()]);
    const later = [1, 2, 3].map(async (number) => {
      const leave = await enter();
      entered.push(number);
      return leave;
    });
    await tick();
    expect(entered).to.deep.equal([]);
    for (const leave of leaves) leave();
    (await (later[0] as Promise<() => void>))();
    await Promise.all(later);
    expect(entered).to.deep.equal([1, 2, 3]);
  });

  const folder = folderForEach();
  it('are few at a time, small ones are not counted, and each is whole', async () => {
    const store = folder.store();
    const sizes = Array.from({ length: 24 }, (_, i) => (i % 2 ? 100 : largeBytes + 1 + i));
    for (const [i, size] of sizes.entries()) await store.write(`${i}`, Buffer.alloc(size, i));
    const wanted = {
      length: sizes.length,
      async *each() {
        for (const index of sizes.keys()) yield { index, pictureKey: `${index}` };
      },
    };
    let held = 0;
    let most = 0;
    const seen: number[] = [];
    const tasks = fromObjects(store, wanted, (key) => key);
    await concurrently(tasks, 32, async ({ index, load, release }) => {
      const bytes = await load();
      expect(bytes.equals(Buffer.alloc(sizes[index] as number, index))).to.equal(true);
      const large = bytes.length > largeBytes ? 1 : 0;
      held += large;
      most = Math.max(most, held);
      // None goes before as many are there as may be, however slow the disk is; then there is time for one too many.
      if (large)
        await waitFor(async () => most >= mostLarge || undefined, {
          what: `${mostLarge} large pictures at a time`,
          limitMs: 120_000,
          everyMs: 1,
        });
      for (let i = 0; i < 20; i++) await tick();
      held -= large;
      release();
      seen.push(index);
    });
    expect(seen).to.have.length(sizes.length);
    expect(most).to.equal(mostLarge);
  });
});
