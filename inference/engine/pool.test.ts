import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { tinyClasses, tinyPreprocessing, writeTinyModel } from '../fixtures/tiny-bundle.ts';
import { type Engine, type EngineSettings, startEngine } from './engine.ts';
import { OverloadError, WorkerLostError } from './errors.ts';

const unsteady = () => new URL('../fixtures/unsteady-worker.ts', import.meta.url);

describe('workers that fail', () => {
  let dir: string;
  let modelPath: string;
  let engine: Engine | undefined;
  let lost: string[];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pool-test-'));
    modelPath = await writeTinyModel(dir);
  });
  afterEach(async () => {
    await engine?.close();
    engine = undefined;
  });
  after(() => rm(dir, { recursive: true }));

  async function start(settings: Partial<EngineSettings> = {}): Promise<Engine> {
    lost = [];
    engine = await startEngine({
      modelPath,
      preprocessing: tinyPreprocessing,
      classes: tinyClasses.length,
      workers: 1,
      queueCapacity: 1000,
      program: unsteady(),
      onWorkerLost: (reason) => lost.push(reason),
      ...settings,
    });
    return engine;
  }

  const text = (designation: string) => ({ designation, description: null, picture: null });
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );
  /** Keeps this thread from everything, as a frozen pod does. */
  const standStill = (ms: number) =>
    void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  it('are replaced when they crash: their items fail, the next are answered', async () => {
    const { predict, state } = await start();
    const error = await failure(predict(text('crash')));
    expect(error)
      .to.be.instanceOf(WorkerLostError)
      .with.property('message')
      .that.contains('told to crash');
    expect(state().alive).to.equal(0);
    expect((await predict(text('fine'))).combined).to.have.length(4);
    expect(lost).to.deep.equal(['told to crash']);
  });

  it('are replaced even if no thread can be begun at first', async () => {
    const program = unsteady();
    const file = program.href;
    const { predict } = await start({ program });
    program.href = 'http://localhost/threads-are-refused';
    await failure(predict(text('crash')));
    while (lost.length < 2) await sleep(5);
    program.href = file;
    expect((await predict(text('fine'))).combined).to.have.length(4);
    expect(lost[1]).to.contain('URL');
  });

  it('refuse those who wait while the only one does not come back', async () => {
    const { predict } = await start();
    const silent = failure(predict(text('silence')));
    expect(await failure(predict(text('next'), { withinMs: 30 }))).to.be.instanceOf(OverloadError);
    expect(await silent).to.equal(undefined);
  });

  it('give up the process when more of them hang than there should be', async () => {
    const hopeless = Promise.withResolvers<number>();
    const { predict, state } = await start({
      batchTimeoutMs: 50,
      onHopeless: hopeless.resolve,
    });
    expect(await failure(predict(text('hang')))).to.be.instanceOf(WorkerLostError);
    expect(lost).to.deep.equal(['it did not answer within 50 ms']);
    expect(await failure(predict(text('hang')))).to.be.instanceOf(WorkerLostError);
    expect(await hopeless.promise).to.equal(2);
    expect(state().hung).to.equal(2);
  });

  it('are no reason to give up the process once they woke and ended', async () => {
    let hopeless = 0;
    const { predict, state } = await start({ batchTimeoutMs: 50, onHopeless: () => hopeless++ });
    for (let round = 0; round < 3; round++) {
      expect(await failure(predict(text('pause')))).to.be.instanceOf(WorkerLostError);
      expect(state().hung).to.equal(1);
      while (state().hung > 0) await sleep(5);
    }
    expect(hopeless).to.equal(0);
  });

  it('do not count as hung when it was the whole process that stood still', async () => {
    const { predict } = await start({ batchTimeoutMs: 1_000 });
    const answer = failure(predict(text('pause')));
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
        const asked = [failure(predict(text(word))), failure(predict(text('fine')))];
        if (word === 'deaf') await Promise.all(asked);
        await Promise.all([close(), close()]);
        const [first] = await Promise.all(asked);
        expect(first?.constructor).to.equal(word === 'hang' ? WorkerLostError : undefined);
        expect(state()).to.include({ alive: 0, busy: 0, hung: 1 });
        expect(await failure(predict(text('late')))).to.be.instanceOf(OverloadError);
        expect(lost).to.deep.equal([]);
      });
    }

    it('one is being replaced', async () => {
      const { predict, close } = await start();
      await failure(predict(text('crash')));
      const waits = failure(predict(text('waits')));
      await close();
      expect(await waits).to.be.instanceOf(OverloadError);
    });
  });
});
