import { expect } from 'chai';
import fc from 'fast-check';
import { jsonLimits, parseJson } from './json.ts';
import { Problem } from './problems.ts';

const { marks, depth } = jsonLimits;
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** A list of as many marks: its bracket, and a comma behind each element but the last. */
const list = (n: number) => `[${'1,'.repeat(n - 1)}1]`;

const read = (text: string | Buffer) => parseJson(Buffer.from(text as string));
function refusal(text: string | Buffer): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof Problem) return `${error.status} ${error.part}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('JSON of a request', () => {
  const taken: [string, string][] = [
    ['a list at the limit', list(marks)],
    ['a depth at the limit', deep(depth)],
    ['brackets, commas and quotes in a string', JSON.stringify('[{,"\\'.repeat(marks))],
    ['backslashes at the end of a string', JSON.stringify({ 'a\\': ['b\\\\', '"'] })],
    ['a long picture', JSON.stringify({ image: 'abcd'.repeat(1_000_000) })],
    ['escaped slashes and characters', `{"a":"${'\\/\\u0022'.repeat(marks)}"}`],
    ['text of many bytes a character', JSON.stringify({ a: '「é」'.repeat(marks) })],
  ];
  for (const [name, text] of taken) {
    it(`is taken: ${name}`, () => expect(read(text)).to.deep.equal(JSON.parse(text)));
  }

  const full = '400 body: The body has more than 10000 brackets, commas and strings';
  const nested = '400 body: The body is nested more than 64 deep';
  const refused: [string, string, string][] = [
    ['a list over the limit', list(marks + 1), full],
    ['a depth over the limit', deep(depth + 1), nested],
    ['objects over the depth', `${'{"a":'.repeat(depth)}[]${'}'.repeat(depth)}`, nested],
    ['megabytes of brackets', '['.repeat(12 * 2 ** 20), nested],
    ['megabytes of empty lists', `[${'[],'.repeat(4 * 2 ** 20)}[]]`, full],
    ['megabytes of names', `{${'"a":0,'.repeat(2 ** 21)}"b":0}`, full],
    ['megabytes of strings without commas', '""'.repeat(6 * 2 ** 20), full],
    ['what follows an escaped quote', `["\\"",${list(marks)}]`, full],
    ['a string that does not end', '"'.padEnd(1_000, '\\'), '400 body: The body is not JSON'],
    ['a string that ends in a backslash', '["a\\"]', '400 body: The body is not JSON'],
    ['nothing', '', '400 body: The body is not JSON'],
  ];
  for (const [name, text, says] of refused) {
    it(`is refused: ${name}`, () => expect(refusal(text)).to.contain(says));
  }

  it('is read as JSON.parse reads it, whatever it holds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(read(text)).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  it('is refused with a Problem or taken, whatever the bytes are', () => {
    const pieces = fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', 'é', '1', ' ');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (text) => refusal(text.join('')) !== ''),
    );
  });
});
