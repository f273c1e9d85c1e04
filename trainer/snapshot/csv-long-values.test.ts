import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { cutLongValues } from './csv-long-values.ts';

const limit = 8;

async function cut(text: string, chunk: number): Promise<Buffer> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    bytes.subarray(i * chunk, (i + 1) * chunk),
  );
  async function* source() {
    yield* pieces;
  }
  const before = Buffer.from(bytes);
  const written = Buffer.concat(await Array.fromAsync(cutLongValues(source(), limit)));
  expect(bytes.equals(before), 'what it was given is as it was').to.equal(true);
  return written;
}

const value = fc.string({
  unit: fc.constantFrom('a', 'é', '漢', '"', ',', '\n', ' '),
  maxLength: 30,
});
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const record = fc.array(value, { minLength: 2, maxLength: 2 });

describe('values of a CSV that are cut', () => {
  it('leave every record, every column and every short value as it was', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('\n', '\r\n'),
        async (records, chunk, lineEnd) => {
          const text = records.map((one) => one.map(quoted).join(',') + lineEnd).join('');
          const read: string[][] = parse(await cut(text, chunk));
          expect(read.map((one) => one.length)).to.deep.equal(records.map(() => 2));
          for (const [i, one] of records.entries())
            for (const [j, was] of one.entries()) {
              const now = read[i]?.[j] as string;
              // The quote that opens it is counted as well.
              if (Buffer.byteLength(quoted(was)) - 1 <= limit) expect(now).to.equal(was);
              expect(now).not.to.include('\ufffd');
              const structure = (all: string) => all.replace(/[^"\n]/g, '');
              expect(structure(now)).to.equal(structure(was));
            }
        },
      ),
    ));

  it('are cut where nothing quotes them, too', async () => {
    expect((await cut('a,123456789\r\n0123456789,b\r\n', 3)).toString()).to.equal(
      'a,12345678\r\n01234567,b\r\n',
    );
  });
});
