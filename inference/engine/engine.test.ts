import { getEventListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { failure } from '../fixtures/failure.ts';
import { testEngines, textItem } from '../fixtures/test-engine.ts';
import { colouredPicture, tinyClasses } from '../fixtures/tiny-bundle.ts';
import { tinyModel } from '../fixtures/tiny-model.ts';
import {
  AbandonedError,
  ItemError,
  ModelRefusedError,
  OverloadError,
  WorkerLostError,
} from './errors.ts';

describe('engine', () => {
  const { start, path } = testEngines();

  it('says of one modality what the model says of it alone, and null of the other', async () => {
    const { predict } = await start();
    const onlyText = await predict(textItem('garden spade'));
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
      failure(predict({ ...textItem('spade'), picture: half })),
      failure(predict({ designation: ' ', description: null, picture: null })),
      predict(textItem('spade')),
    ]);
    expect(bad).to.be.instanceOf(ItemError).with.property('fault', 'picture');
    expect(empty).to.be.instanceOf(ItemError).with.property('fault', 'empty');
    expect(good.combined).to.have.length(tinyClasses.length);
  });

  it('never gives out NaN', async () => {
    const modelPath = path('nan.onnx');
    const shape = { classes: 4, size: 8, tokens: 16 };
    await writeFile(modelPath, tinyModel({ ...shape, scale: Number.POSITIVE_INFINITY }));
    const { predict } = await start({ modelPath });
    expect(await failure(predict(textItem('spade'))))
      .to.be.instanceOf(ItemError)
      .with.property('fault', 'model');
  });

  it('refuses a model whose outputs are not of the labels, and says which', async () => {
    const modelPath = path('wide.onnx');
    await writeFile(modelPath, tinyModel({ classes: 4, size: 8, tokens: 16, columns: 5 }));
    const error = await failure(start({ modelPath }));
    expect(String(error))
      .to.contain('output probabilities of model.onnx is float32[1,5]')
      .and.contain('float32[1,4]');
  });

  it('refuses what is no ONNX file', async () => {
    const modelPath = path('broken.onnx');
    await writeFile(modelPath, 'this is no model');
    expect(await failure(start({ modelPath }))).to.be.instanceOf(ModelRefusedError);
  });

  it('does not take a worker that cannot start for a fault of the model', async () => {
    const program = new URL('data:text/javascript,throw new Error("no more threads")');
    const error = await failure(start({ program }));
    expect(error).to.be.instanceOf(Error).with.property('message', 'no more threads');
    expect(error).to.not.be.instanceOf(ModelRefusedError);
  });

  it('refuses at once what comes when it is too late anyway', async () => {
    const { predict } = await start({ workers: 1 });
    await predict(textItem('warm'));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        failure(predict(textItem(`thing ${i}`), i < 100 ? {} : { withinMs: 0 })),
      ),
    );
    expect(answers.slice(0, 100).filter(Boolean)).to.deep.equal([]);
    for (const error of answers.slice(100)) expect(error).to.be.instanceOf(OverloadError);
  });

  it('never begins what was asked by somebody who is gone', async () => {
    const { predict } = await start({ workers: 1 });
    const gone = new AbortController();
    const ahead = predict(textItem('ahead'));
    const waits = failure(predict(textItem('waits'), { signal: gone.signal }));
    gone.abort();
    expect(await waits).to.be.instanceOf(AbandonedError);
    expect(await failure(predict(textItem('late'), { signal: gone.signal }))).to.be.instanceOf(
      AbandonedError,
    );
    await ahead;
  });

  it('leaves nothing of an item with a signal that lives on, however the item ends', async () => {
    const program = new URL('../fixtures/unsteady-worker.ts', import.meta.url);
    const { predict } = await start({ workers: 1, program });
    const { signal } = new AbortController();
    const asked = ['fine', 'crash', 'next'].map((word) =>
      failure(predict(textItem(word), { signal })),
    );
    expect(getEventListeners(signal, 'abort')).to.have.length(3);
    asked.push(failure(predict(textItem('late'), { signal, withinMs: 0 })));
    const errors = await Promise.all(asked);
    expect(errors.map((error) => error?.constructor)).to.deep.equal([
      undefined,
      WorkerLostError,
      WorkerLostError,
      OverloadError,
    ]);
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
  });

  it('holds nothing of what was answered, refused or given up, however many there were', async () => {
    const { predict, study, state } = await start({ queueCapacity: 50 });
    const kinds = fc.array(fc.constantFrom('asks', 'leaves', 'hurries', 'studies'), {
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(kinds, async (asked) => {
        const work = asked.map((kind) => {
          const gone = new AbortController();
          if (kind === 'studies')
            return failure(study([textItem('a'), textItem('b')], { withinMs: 20 }));
          const options = kind === 'hurries' ? { withinMs: 1 } : { signal: gone.signal };
          const answer = failure(predict(textItem('spade'), options));
          if (kind === 'leaves') gone.abort();
          return answer;
        });
        for (const error of await Promise.all(work)) {
          if (error)
            expect(error).to.satisfy(
              (e: unknown) => e instanceof OverloadError || e instanceof AbandonedError,
            );
        }
      }),
      { numRuns: 20 },
    );
    const idle = { queued: 0, studies: 0, workers: 2, alive: 2, busy: 0, hung: 0 };
    while (state().busy > 0) await sleep(5);
    expect(state()).to.deep.equal(idle);
  });
});
