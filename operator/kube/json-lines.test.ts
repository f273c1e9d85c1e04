import { expect } from 'chai';
import fc from 'fast-check';
import { jsonLines } from './json-lines.ts';

async function* cutAt(bytes: Buffer, sizes: number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

describe('jsonLines', () => {
  it('does not care where the stream is cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.json()), fc.array(fc.nat(9)), async (documents, sizes) => {
        const bytes = Buffer.from(documents.map((each) => `${each}\n`).join(''));
        const found = await Array.fromAsync(jsonLines(cutAt(bytes, sizes)));
        expect(found).to.deep.equal(documents.map((each) => JSON.parse(each)));
      }),
    ));

  it('refuses half a line at the end', async () => {
    const error = await Array.fromAsync(jsonLines(cutAt(Buffer.from('1\n{"a":'), []))).catch(
      String,
    );
    expect(error).to.contain('ended in the middle of a line (5 characters)');
  });
});
