import { expect } from 'chai';
import { retryAfterMs } from './api-answer.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const cases: { header: string | undefined; ms: number | undefined }[] = [
    { header: undefined, ms: undefined },
    { header: '7', ms: 7_000 },
    { header: ' 0 ', ms: 0 },
    { header: 'Sun, 01 Mar 2026 12:00:30 GMT', ms: 30_000 },
    { header: 'Sunday, 01-Mar-26 12:00:30 GMT', ms: 30_000 },
    { header: 'Sun, 01 Mar 2026 11:59:00 GMT', ms: 0 },
    { header: 'soon', ms: undefined },
    { header: '', ms: undefined },
  ];
  for (const { header, ms } of cases) {
    it(`${JSON.stringify(header)} is ${ms} ms`, () =>
      expect(retryAfterMs(header, now)).to.equal(ms));
  }
});
