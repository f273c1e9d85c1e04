import { expect } from 'chai';
import fc from 'fast-check';
import { createByteBudget } from '../body.ts';
import { Problem } from '../problems.ts';
import { linesOf } from './lines.ts';

async function* pieces(text: Buffer, cuts: number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of cuts.map((one) => one % (text.length + 1)).sort((a, b) => a - b)) {
    yield text.subarray(from, cut);
    from = cut;
  }
  yield text.subarray(from);
}

async function read(
  text: string,
  cuts: number[],
  limitBytes = 100,
  budget = createByteBudget(1e6),
) {
  const seen: [number, string][] = [];
  for await (const { number, content, lease } of linesOf(pieces(Buffer.from(text), cuts), {
    limitBytes,
    budget,
  })) {
    seen.push([number, content instanceof Problem ? content.code : content.toString()]);
    lease.release();
  }
  expect(budget.held(), 'bytes still held').to.equal(0);
  return seen;
}

describe('lines of a stream', () => {
  it('are those of the text, wherever it is cut', async () => {
    const line = fc.constantFrom('', 'a', ' ', '\r', '{"é":1}', 'x'.repeat(9), 'y'.repeat(12));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 9 }),
        async (lines, closed, cuts) => {
          const text = lines.join('\n') + (closed ? '\n' : '');
          const expected = lines
            .map((one, i): [number, string] => [i + 1, one.length > 10 ? 'too-large' : one])
            .filter(([, one]) => one.trim() !== '');
          expect(await read(text, cuts, 10)).to.deep.equal(expected);
        },
      ),
    );
  });

  it('are refused one by one where there is no room for them', async () => {
    const small = createByteBudget(5);
    expect(await read('abc\nabcdefg\nde', [5, 6], 100, small)).to.deep.equal([
      [1, 'abc'],
      [2, 'overloaded'],
      [3, 'de'],
    ]);
  });
});
