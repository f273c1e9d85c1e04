import { keys, StoreUnreachable } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { tinyEvaluation } from '../fixtures/tiny-evaluation.ts';
import { type TinyStore, tinyStore } from '../fixtures/tiny-store.ts';
import { holdoutBaseline } from './baseline.ts';

const log = pino({ level: 'silent' });
const digest = `sha256:${'1'.repeat(64)}`;
const subject = { release: 'shop', digest, classes: ['a', 'b', 'c'] };

describe('what drift is measured against', () => {
  let from: TinyStore;
  beforeEach(async () => {
    from = await tinyStore();
  });
  afterEach(() => from.remove());

  const { signal } = new AbortController();
  const cases: { name: string; evaluation: unknown; baseline: number[] | undefined }[] = [
    {
      name: 'in the order of the labels, nothing of a class that was never predicted',
      evaluation: tinyEvaluation('shop', digest, { c: 3, a: 5, gone: 1 }),
      baseline: [5, 0, 3],
    },
    {
      name: 'of another model',
      evaluation: tinyEvaluation('shop', digest.replaceAll('1', '2'), { a: 1 }),
      baseline: undefined,
    },
    { name: 'no evaluation by its schema', evaluation: {}, baseline: undefined },
    { name: 'no evaluation at all', evaluation: undefined, baseline: undefined },
  ];
  for (const { name, evaluation, baseline } of cases) {
    it(`is ${baseline ? 'there' : 'not there'}: ${name}`, async () => {
      if (evaluation !== undefined)
        await from.store.write(keys.evaluation('shop'), Buffer.from(JSON.stringify(evaluation)));
      expect(await holdoutBaseline(from.store, subject, { log, signal })).to.deep.equal(baseline);
    });
  }

  it('is given up when the service ends while the store is away', async () => {
    const ending = new AbortController();
    const away = {
      ...from.store,
      read: async () => {
        ending.abort();
        throw new StoreUnreachable('away');
      },
    };
    const io = { log, signal: ending.signal };
    expect(await holdoutBaseline(away, subject, io)).to.equal(undefined);
  });
});
