import { expect } from 'chai';
import { keepsNothing } from '../fit/state.ts';
import type { Validation } from '../judge/validation.ts';
import type { ProgressEvent } from '../step.ts';
import type { Settings } from './architecture.ts';
import type { Checkpoints } from './checkpoints.ts';
import { tryConfigurations } from './trials.ts';

const start = { epochs: 1, batchSize: 1, learningRate: 1, seed: 0, imageSize: 32 };
const axes = [{ name: 'batchSize', values: [1, 2, 3] }];

/** Checkpoints in memory. */
function remembering(phases = new Map<string, unknown>()): Checkpoints {
  return {
    async phase<T>(name: string, run: (keeper: typeof keepsNothing) => Promise<T>) {
      if (!phases.has(name)) phases.set(name, await run(keepsNothing));
      return phases.get(name) as T;
    },
    keeper: () => keepsNothing,
    flush: async () => '',
  };
}

/** A validation with nothing in it but what a search looks at. */
function validation(macroF1: number): Validation {
  return { products: 10_000, metrics: { macroF1, accuracy: macroF1 } } as Validation;
}

describe('trying configurations', () => {
  const told: ProgressEvent[] = [];
  const run = (checkpoints: Checkpoints, attempt: (made: Settings) => Promise<number>) =>
    tryConfigurations({
      start,
      axes,
      budget: { minutes: 5, configurations: 3 },
      checkpoints,
      progress: (event) => told.push(event),
      attempt: async (made) => ({ curve: [], validation: validation(await attempt(made)) }),
    });

  it('gives the best with its own validation, and a record without a clock', async () => {
    const found = await run(
      remembering(),
      async ({ batchSize }) => [0.5, 0.7, 0.6][batchSize - 1] as number,
    );
    expect(found.best.validation.metrics.macroF1).to.equal(0.7);
    expect(found.hyperparameters.batchSize).to.equal(2);
    expect(found.trials).to.deep.equal([
      { changed: {}, macroF1: 0.5, accuracy: 0.5, products: 10_000 },
      { changed: { batchSize: 2 }, macroF1: 0.7, accuracy: 0.7, products: 10_000 },
      { changed: { batchSize: 3 }, macroF1: 0.6, accuracy: 0.6, products: 10_000 },
    ]);
    expect(told.at(-1)).to.deep.include({ phase: 'search', done: 3, total: 3, macroF1: 0.6 });
  });

  it('does not repeat what had ended before an interruption, and finds the same', async () => {
    const phases = new Map<string, unknown>();
    const scores = async ({ batchSize }: Settings) => batchSize / 10;
    const stopped = run(remembering(phases), async (made) => {
      if (made.batchSize === 3) throw new Error('interrupted');
      return scores(made);
    });
    expect(await stopped.catch((error: Error) => error.message)).to.equal('interrupted');
    const again: number[] = [];
    const found = await run(remembering(phases), async (made) => {
      again.push(made.batchSize);
      return scores(made);
    });
    expect(again).to.deep.equal([3]);
    expect(found).to.deep.equal(await run(remembering(), scores));
  });

  it('passes on why a configuration could not be fitted', async () => {
    const failed = run(remembering(), async () => {
      throw new Error('the loss is NaN');
    });
    expect(await failed.catch((error: Error) => error.message)).to.equal('the loss is NaN');
  });
});
