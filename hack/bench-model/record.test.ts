import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openRecord } from './record.ts';

const fit = { dataset: 'd', model: 'text-svc', seed: 1 };
const outcome = (macroF1: number) => ({
  runs: [{ model: 'text-svc', seed: 1, accuracy: 0.5, macroF1, cost: null }],
  tuned: 'C = 1',
});

describe('the record of bench-model', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'record-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('finds what an earlier run fitted, and tells by which code', () => {
    const path = join(dir, 'fits.jsonl');
    openRecord(path, 'before').add(fit, outcome(0.1));
    openRecord(path, 'later').add(fit, outcome(0.2));
    const record = openRecord(path, 'now');
    expect(record.find(fit)).to.deep.include(outcome(0.2));
    expect([...record.reused()]).to.deep.equal([['later', 1]]);
  });

  it('finds nothing of other data, another model or seed', () => {
    const path = join(dir, 'fits.jsonl');
    openRecord(path, 'before').add(fit, outcome(0.1));
    const record = openRecord(path, 'now');
    for (const other of [{ dataset: 'e' }, { model: 'majority' }, { seed: 2 }])
      expect(record.find({ ...fit, ...other })).to.equal(undefined);
  });

  it('keeps nothing where no file is given', () => {
    const record = openRecord(undefined, 'now');
    record.add(fit, outcome(0.1));
    expect(record.find(fit)).to.equal(undefined);
  });
});
