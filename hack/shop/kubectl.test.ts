import { expect } from 'chai';
import { documents } from './kubectl.ts';

describe('the documents of a watch', () => {
  const objects = [{ a: 1, text: 'a brace }\n on a line' }, { b: { c: [] } }, { d: {} }];
  const text = objects.map((object) => `${JSON.stringify(object, null, 4)}\n`).join('');

  for (const size of [1, 7, 1000]) {
    it(`come out whole when the stream arrives in pieces of ${size} characters`, async () => {
      async function* pieces() {
        for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
      }
      expect(await Array.fromAsync(documents(pieces()))).to.deep.equal(objects);
    });
  }
});
