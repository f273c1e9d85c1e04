import { expect } from 'chai';
import { modelRelease } from '../../operator/release/fixtures/model-release.ts';
import { buildRecord, readRecord } from '../../operator/release/record.ts';
import { history } from './history.ts';

describe('the history that the operator is loaded with', () => {
  const owner = modelRelease();
  const runs = history(owner, 10, new Date('2026-11-22T12:00:00Z'));

  it('is made of records as the operator reads them', () => {
    for (const run of runs) {
      const stored = JSON.parse(JSON.stringify(buildRecord(run, owner)));
      expect(readRecord(stored)).to.deep.equal(JSON.parse(JSON.stringify(run)));
    }
  });

  it('holds every way in which a week ends well', () => {
    expect(runs.map(({ outcome }) => outcome?.outcome).slice(0, 5)).to.deep.equal([
      'Served',
      'NoNewData',
      'GateFailed',
      'Served',
      'NoNewData',
    ]);
    expect(runs.every(({ verdict, outcome }) => verdict?.verdict !== 'Pass' || outcome)).to.equal(
      true,
    );
  });
});
