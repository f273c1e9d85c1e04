import { expect } from 'chai';
import { describeProgress } from './train-log.ts';

describe('a line of progress in words', () => {
  for (const { line, words } of [
    {
      line: '{"event":"progress","step":"train","phase":"features","done":32,"total":64,"itemsPerSecond":22.6,"etaSeconds":1.2}',
      words: 'features, item 32 of 64, 23 items/s, 2 s left',
    },
    {
      line: '{"event":"progress","step":"train","epoch":3,"epochs":10,"batch":12,"batches":36,"loss":0.51234,"accuracy":0.8125,"itemsPerSecond":4100,"etaSeconds":0}',
      words:
        'train, epoch 3 of 10, batch 12 of 36, loss 0.512, accuracy 81.3 %, 4100 items/s, 0 s left',
    },
    { line: '{"release":"a-20200101-000000"}', words: undefined },
    { line: 'not JSON', words: undefined },
  ])
    it(line, () => expect(describeProgress(line)).to.equal(words));
});
