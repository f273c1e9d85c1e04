import { Readable } from 'node:stream';
import { expect } from 'chai';
import { readCsv } from './csv.ts';

async function read(text: string | Buffer, required = ['a', 'b'], chunk = 5) {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    bytes.subarray(i * chunk, (i + 1) * chunk),
  );
  const rows: unknown[] = [];
  for await (const { row, get } of readCsv(Readable.from(pieces), 'X.csv', required)) {
    rows.push([row, ...required.map(get)]);
  }
  return rows;
}

describe('readCsv', () => {
  const understood: [string, string, unknown[]][] = [
    [
      'an ordinary file',
      'a,b\n1,2\n3,4\n',
      [
        [1, '1', '2'],
        [2, '3', '4'],
      ],
    ],
    ['no line break at the end', 'a,b\n1,2', [[1, '1', '2']]],
    ['line breaks of Windows', 'a,b\r\n1,2\r\n', [[1, '1', '2']]],
    ['a byte order mark', '\ufeffa,b\n1,2\n', [[1, '1', '2']]],
    ['quoted commas, quotes and line breaks', 'a,b\n"1,""x""\n2",3\n', [[1, '1,"x"\n2', '3']]],
    ['columns in another order, and more of them', 'x,b,a\n0,2,1\n', [[1, '1', '2']]],
    ['empty values', 'a,b\n,\n', [[1, '', '']]],
    ['empty lines', 'a,b\n\n1,2\n\n', [[1, '1', '2']]],
    ['letters cut between two pieces', 'a,b\néééé,漢字\n', [[1, 'éééé', '漢字']]],
    ['only a header', 'a,b\n', []],
  ];
  for (const [name, text, rows] of understood) {
    it(`understands ${name}`, async () => expect(await read(text)).to.deep.equal(rows));
  }

  const refused: [string, string, RegExp][] = [
    ['nothing', '', /^X\.csv is empty: it has not even a header\.$/],
    ['a missing column', 'a,c\n1,2\n', /^X\.csv has no column b; its columns are a, c\.$/],
    ['a column that is there twice', 'a,b,b\n1,2,3\n', /^X\.csv has the column b twice/],
    ['several missing columns', 'c\n1\n', /no column a, b/],
    [
      'a row with fewer values',
      'a,b\n1,2\n3\n',
      /^X\.csv is damaged: Invalid Record Length.*line 3\.$/,
    ],
    ['a quote that is never closed', 'a,b\n"1,2\n3,4\n', /damaged: Quote Not Closed.*line \d+/],
    ['a quote in the middle', 'a,b\n1"x,2\n', /damaged: Invalid Opening Quote.*line 2/],
    [
      'a record without end',
      `a,b\n"${'x'.repeat(5 * 2 ** 20)}`,
      /damaged: Quote Not Closed.*line 2/,
    ],
    ['a record of line breaks', `a,b\n"${'\n'.repeat(65 * 2 ** 20)}`, /damaged: Max Record Size/],
  ];
  for (const [name, text, sentence] of refused) {
    it(`refuses ${name}`, async () => {
      const error = await read(text, ['a', 'b'], 65_536).catch((e: unknown) => e);
      expect(error).to.have.property('reason', 'BadData');
      expect((error as Error).message).to.match(sentence);
    });
  }

  it('gives of a value without measure its beginning, and goes on behind it', async () => {
    const long = 'é,"" \n'.repeat(2 ** 20);
    const text = `a,b\n1,2\n"${long}",3\n4,${'x'.repeat(5 * 2 ** 20)}\n5,6\n`;
    const rows = (await read(text, ['a', 'b'], 65_536)) as [number, string, string][];
    expect(rows.map(([row]) => row)).to.deep.equal([1, 2, 3, 4]);
    expect([rows[0], rows[3]]).to.deep.equal([
      [1, '1', '2'],
      [4, '5', '6'],
    ]);
    expect(rows[1]?.[1].slice(0, 6)).to.equal('é," \né');
    expect(rows[1]?.[2]).to.equal('3');
    expect(rows[2]?.[2]).to.equal('x'.repeat(4 * 2 ** 20));
  });

  it('tells on which line a row begins', async () => {
    const text = 'a,b\r\n"1\r\n1",2\r\n\r\n3,"4\r\n"\r\n5,6\r\n';
    const rows = await Array.fromAsync(readCsv(Readable.from([Buffer.from(text)]), 'X.csv', []));
    expect(rows.map(({ line }) => line)).to.deep.equal([2, 5, 7]);
  });

  it('hands on what broke the source', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('connection lost'));
      },
    });
    const error = await Array.fromAsync(readCsv(broken, 'X.csv', [])).catch((e: unknown) => e);
    expect(error).to.match(/connection lost/);
  });
});
