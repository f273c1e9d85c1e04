import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createComers } from './comers.ts';

describe('those who are on their way', () => {
  it('count until they have come, once each', () => {
    const comers = createComers();
    const [first, second] = [comers.add(), comers.add()];
    expect(comers.count()).to.equal(2);
    first();
    first();
    expect(comers.count()).to.equal(1);
    second();
    expect(comers.count()).to.equal(0);
  });

  it('do not count for longer than an upload takes', async () => {
    const comers = createComers(1);
    const come = comers.add();
    while (comers.count() > 0) await sleep(1);
    come();
    expect(comers.count()).to.equal(0);
  });
});
