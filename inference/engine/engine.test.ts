import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  colouredPicture,
  tinyClasses,
  tinyPreprocessing,
  writeTinyModel,
} from '../fixtures/tiny-bundle.ts';
import { tinyModel } from '../fixtures/tiny-model.ts';
import { type Engine, type EngineSettings, startEngine } from './engine.ts';
import { ItemError, ModelRefusedError, OverloadError, WorkerLostError } from './errors.ts';

describe('engine', () => {
  let dir: string;
  let modelPath: string;
  let engine: Engine | undefined;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'engine-test-'));
    modelPath = await writeTinyModel(dir);
  });
  afterEach(async () => {
    await engine?.close();
    engine = undefined;
  });
  after(() => rm(dir, { recursive: true }));

  async function start(settings: Partial<EngineSettings> = {}): Promise<Engine> {
    engine = await startEngine({
      modelPath,
      preprocessing: tinyPreprocessing,
      classes: tinyClasses.length,
      workers: 2,
      queueCapacity: 1000,
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

  it('says of one modality what the model says of it alone, and null of the other', async () => {
    const { predict } = await start();
    const onlyText = await predict(text('garden spade'));
    expect(onlyText.image).to.equal(null);
    expect([...onlyText.combined]).to.deep.equal([...(onlyText.text as Float32Array)]);
    const picture = await colouredPicture('#118833');
    const onlyImage = await predict({ designation: null, description: null, picture });
    expect(onlyImage.text).to.equal(null);
    expect([...onlyImage.combined]).to.deep.equal([...(onlyImage.image as Float32Array)]);
    expect([...onlyImage.combined].reduce((a, b) => a + b)).to.be.closeTo(1, 1e-5);
  });

  it('gives each of many the same answer as alone, though they share batches with others', async () => {
    const { predict } = await start();
    const pictures = await Promise.all(
      ['#aa0000', '#00aa00', '#0000aa'].map((colour) => colouredPicture(colour)),
    );
    const items = Array.from({ length: 60 }, (_, i) => ({
      designation: i % 4 === 0 ? null : `thing ${i % 7}`,
      description: null,
      picture: i % 3 === 0 || i % 4 === 0 ? (pictures[i % 3] as Buffer) : null,
    }));
    const copy = (item: (typeof items)[number]) => ({
      ...item,
      picture: item.picture && new Uint8Array(item.picture),
    });
    const alone: number[][] = [];
    for (const item of items) alone.push([...(await predict(copy(item))).combined]);
    const together = await Promise.all(items.map((item) => predict(copy(item))));
    together.forEach(({ combined }, i) => {
      for (const [c, p] of combined.entries()) {
        expect(p).to.be.closeTo(alone[i]?.[c] as number, 1e-5);
      }
    });
    expect(new Set(alone.map((row) => row.join())).size).to.be.greaterThan(10);
  });

  it('fails the items it cannot answer and answers the rest of their batch', async () => {
    const { predict } = await start({ workers: 1 });
    const half = (await colouredPicture('#aa0000')).subarray(0, 200);
    const [bad, empty, good] = await Promise.all([
      failure(predict({ ...text('spade'), picture: half })),
      failure(predict({ designation: ' ', description: null, picture: null })),
      predict(text('spade')),
    ]);
    expect(bad).to.be.instanceOf(ItemError).with.property('fault', 'picture');
    expect(empty).to.be.instanceOf(ItemError).with.property('fault', 'empty');
    expect(good.combined).to.have.length(tinyClasses.length);
  });

  it('never gives out NaN', async () => {
    const path = join(dir, 'nan.onnx');
    const shape = { classes: 4, size: 8, tokens: 16 };
    await writeFile(path, tinyModel({ ...shape, scale: Number.POSITIVE_INFINITY }));
    const { predict } = await start({ modelPath: path });
    expect(await failure(predict(text('spade'))))
      .to.be.instanceOf(ItemError)
      .with.property('fault', 'model');
  });

  it('refuses a model whose outputs are not of the labels, and says which', async () => {
    const path = join(dir, 'wide.onnx');
    await writeFile(path, tinyModel({ classes: 4, size: 8, tokens: 16, columns: 5 }));
    const error = await failure(start({ modelPath: path }));
    expect(String(error))
      .to.contain('output probabilities of model.onnx is float32[1,5]')
      .and.contain('float32[1,4]');
  });

  it('refuses what is no ONNX file', async () => {
    const path = join(dir, 'broken.onnx');
    await writeFile(path, 'this is no model');
    expect(await failure(start({ modelPath: path }))).to.be.instanceOf(ModelRefusedError);
  });

  it('does not take a worker that cannot start for a fault of the model', async () => {
    const program = new URL('data:text/javascript,throw new Error("no more threads")');
    const error = await failure(start({ program }));
    expect(error).to.be.instanceOf(Error).with.property('message', 'no more threads');
    expect(error).to.not.be.instanceOf(ModelRefusedError);
  });

  it('refuses at once what comes when it is too late anyway', async () => {
    const { predict } = await start({ workers: 1 });
    await predict(text('warm'));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        failure(predict(text(`thing ${i}`), i < 100 ? {} : { withinMs: 0 })),
      ),
    );
    expect(answers.slice(0, 100).filter(Boolean)).to.deep.equal([]);
    for (const error of answers.slice(100)) expect(error).to.be.instanceOf(OverloadError);
  });

  it('replaces a worker that crashes: its items fail, the next are answered', async () => {
    const lost: string[] = [];
    const program = new URL('../fixtures/unsteady-worker.ts', import.meta.url);
    const { predict, state } = await start({
      workers: 1,
      program,
      onWorkerLost: (reason) => lost.push(reason),
    });
    const error = await failure(predict(text('crash')));
    expect(error)
      .to.be.instanceOf(WorkerLostError)
      .with.property('message')
      .that.contains('told to crash');
    expect(state().alive).to.equal(0);
    expect((await predict(text('fine'))).combined).to.have.length(4);
    expect(lost).to.deep.equal(['told to crash']);
  });

  it('refuses those who wait while the only worker does not come back', async () => {
    const program = new URL('../fixtures/unsteady-worker.ts', import.meta.url);
    const { predict } = await start({ workers: 1, program });
    const silent = failure(predict(text('silence')));
    expect(await failure(predict(text('next'), { withinMs: 30 }))).to.be.instanceOf(OverloadError);
    expect(await silent).to.equal(undefined);
  });
});
