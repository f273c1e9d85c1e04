import { expect } from 'chai';
import { createInvalidList } from './invalid.ts';

describe('the list of what is left out', () => {
  /** 1500 rows whose pictures were looked at in another order. */
  function listed(order: (row: number) => number) {
    const invalid = createInvalidList();
    const rows = Array.from({ length: 1500 }, (_, i) => i + 1);
    for (const row of rows.toSorted((a, b) => order(a) - order(b)))
      invalid.add(row, 'imageid', `image_${row}`, 'names a picture that is missing');
    return invalid;
  }

  it('keeps the same rows in whatever order they come', () => {
    const [one, other] = [listed((row) => row), listed((row) => (row * 7919) % 1500)];
    expect(one.count).to.equal(1500);
    expect(one.kept.map(({ row }) => row)).to.deep.equal(
      Array.from({ length: 1000 }, (_, i) => i + 1),
    );
    expect(other.kept).to.deep.equal(one.kept);
    expect(other.byReason).to.deep.equal(one.byReason);
    expect(one.byReason[0]?.examples).to.deep.equal(one.kept.slice(0, 20));
  });

  it('refuses in the same words in whatever order they come', () => {
    const words = (order: (row: number) => number) =>
      listed(order).refusal(1, 3000, 's3://shop/refused.jsonl').message;
    expect(words((row) => -row)).to.match(
      /^1500 of 3000 products \(50\.0 %\) .*\(s3:\/\/shop\/refused\.jsonl lists them all\) .*: row 1: .*; row 20: .*; and 1480 more\.$/,
    );
    expect(words((row) => -row)).to.equal(words((row) => row));
  });

  it('refuses above the share, not at it', () => {
    const invalid = listed((row) => row);
    expect(invalid.isAbove(50, 3000)).to.equal(false);
    expect(invalid.isAbove(50, 2999)).to.equal(true);
  });
});
