import { expect } from 'chai';
import { secondsUntilNormal } from './surge.ts';

describe('when a service is as usual again', () => {
  const usual = { answered: 100, failed: 0, p99: 10 };
  const slow = { ...usual, p99: 900 };
  const failing = { ...usual, failed: 3 };
  const many = (count: number) => Array.from({ length: count }, () => usual);
  const cases: [string, (typeof usual)[], number][] = [
    ['at once', many(10), 0],
    ['after the last slow second', [slow, failing, slow, ...many(10)], 3],
    ['one odd second in ten is the machine’s', [slow, ...many(5), slow, ...many(5)], 1],
    ['never', Array.from({ length: 10 }, () => slow), Number.NaN],
  ];
  for (const [name, bySecond, after] of cases) {
    it(name, () => expect(secondsUntilNormal({ bySecond }, 30)).to.deep.equal(after));
  }
});
