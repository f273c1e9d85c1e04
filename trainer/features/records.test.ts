import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createRecordFile, type RecordFile } from './records.ts';

describe('a file of records', () => {
  let folder: string;
  let records: RecordFile;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'records-'));
    records = createRecordFile(join(folder, 'records'), 4);
    for (let i = 0; i < 100; i += 1) records.append(Uint8Array.of(i, i + 1, i + 2, i + 3));
  });
  afterEach(async () => {
    records.close();
    await rm(folder, { recursive: true });
  });

  it('gives each record back, in any order', () => {
    const target = new Uint8Array(4);
    for (const index of [99, 0, 42]) {
      records.read(index, target);
      expect([...target]).to.deep.equal([index, index + 1, index + 2, index + 3]);
    }
  });

  it('gives a part of a record', () => {
    const target = new Uint8Array(2);
    records.read(7, target, 2);
    expect([...target]).to.deep.equal([9, 10]);
  });

  it('refuses a record of another length', () => {
    expect(() => records.append(new Uint8Array(3))).to.throw('3 bytes in a file of 4');
  });

  it('says so when a record is not there', () => {
    expect(() => records.read(100, new Uint8Array(4))).to.throw('Record 100 of 100');
  });
});
