import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { failure } from '../fixtures/failure.ts';
import { testEngines, textItem } from '../fixtures/test-engine.ts';
import type { Engine, EngineSettings } from './engine.ts';
import { OverloadError, WorkerLostError } from './errors.ts';

const unsteady = () => new URL('../fixtures/unsteady-worker.ts', import.meta.url);

describe('workers that fail', () => {
  const engines = testEngines({ workers: 1 });
  let lost: string[];
  function start(settings: Partial<EngineSettings> = {}): Promise<Engine> {
    lost = [];
    const onWorkerLost = (reason: string) => lost.push(reason);
    return engines.start({ program: unsteady(), onWorkerLost, ...settings });
  }

  /** Keeps this thread from everything, as a frozen pod does. */
  const standStill = (ms: number) =>
    void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  it('are replaced when they crash: their items fail, the next are answered', async () => {
    const { predict, state } = await start();
    const error = await failure(predict(textItem('crash')));
    expect(error)
      .to.be.instanceOf(WorkerLostError)
      .with.property('message')
      .that.contains('told to crash');
    expect(state().alive).to.equal(0);
    expect((await predict(textItem('fine'))).combined).to.have.length(4);
    expect(lost).to.deep.equal(['told to crash']);
  });

  it('are replaced even if no thread can be begun at first', async () => {
    const program = unsteady();
    const file = program.href;
    const { predict } = await start({ program });
    program.href = 'http://localhost/threads-are-refused';
    await failure(predict(textItem('crash')));
    while (lost.length < 2) await sleep(5);
    program.href = file;
    expect((await predict(textItem('fine'))).combined).to.have.length(4);
    expect(lost[1]).to.contain('URL');
  });

  it('refuse those who wait while the only one does not come back', async () => {
    const { predict } = await start();
    const silent = failure(predict(textItem('silence')));
    expect(await failure(predict(textItem('next'), { withinMs: 30 }))).to.be.instanceOf(
      OverloadError,
    );
    expect(await silent).to.equal(undefined);
  });

  it('give up the process when more of them hang than there should be', async () => {
    const hopeless = Promise.withResolvers<number>();
    const { predict, state } = await start({
      batchTimeoutMs: 50,
      onHopeless: hopeless.resolve,
    });
    expect(await failure(predict(textItem('hang')))).to.be.instanceOf(WorkerLostError);
    expect(lost).to.deep.equal(['it did not answer within 50 ms']);
    expect(await failure(predict(textItem('hang')))).to.be.instanceOf(WorkerLostError);
    expect(await hopeless.promise).to.equal(2);
    expect(state().hung).to.equal(2);
  });

  it('are no reason to give up the process once they woke and ended', async () => {
    let hopeless = 0;
    const { predict, state } = await start({ batchTimeoutMs: 50, onHopeless: () => hopeless++ });
    for (let round = 0; round < 3; round++) {
      expect(await failure(predict(textItem('pause')))).to.be.instanceOf(WorkerLostError);
      expect(state().hung).to.equal(1);
      while (state().hung > 0) await sleep(5);
    }
    expect(hopeless).to.equal(0);
  });

  it('do not count as hung when it was the whole process that stood still', async () => {
    const { predict } = await start({ batchTimeoutMs: 1_000 });
    const answer = failure(predict(textItem('pause')));
    // Timers come before messages after this.
    await setImmediate();
    standStill(1_600);
    expect(await answer).to.equal(undefined);
    expect(lost).to.deep.equal([]);
  });

  describe('let the engine close all the same', () => {
    const cases = {
      'one hangs in a batch': 'hang',
      'one hangs when it is told to stop': 'deaf',
    };
    for (const [name, word] of Object.entries(cases)) {
      it(name, async () => {
        const { predict, close, state } = await start({ batchTimeoutMs: 100, workers: 2 });
        const asked = [failure(predict(textItem(word))), failure(predict(textItem('fine')))];
        if (word === 'deaf') await Promise.all(asked);
        await Promise.all([close(), close()]);
        const [first] = await Promise.all(asked);
        expect(first?.constructor).to.equal(word === 'hang' ? WorkerLostError : undefined);
        expect(state()).to.include({ alive: 0, busy: 0, hung: 1 });
        expect(await failure(predict(textItem('late')))).to.be.instanceOf(OverloadError);
        expect(lost).to.deep.equal([]);
      });
    }

    it('one is being replaced', async () => {
      const { predict, close } = await start();
      await failure(predict(textItem('crash')));
      const waits = failure(predict(textItem('waits')));
      await close();
      expect(await waits).to.be.instanceOf(OverloadError);
    });
  });
});
