import { expect } from 'chai';
import { bytes, float, integer, joined, message, type Pieces } from './protobuf.ts';

const hex = (pieces: Pieces) => joined(pieces).toString('hex');

/** The first three are the examples of protobuf's own description of its encoding. */
describe('protobuf', () => {
  for (const [what, got, expected] of [
    ['an integer over seven bits', integer(1, 150), '089601'],
    ['a string', bytes(2, 'testing'), '120774657374696e67'],
    ['a message in a message', bytes(3, message(integer(1, 150))), '1a03089601'],
    ['a negative integer', integer(1, -1), '08ffffffffffffffffff01'],
    ['zero', integer(1, 0), '0800'],
    ['a float', float(2, 1.5), '150000c03f'],
    ['a field above 15', integer(20, 1), 'a00101'],
  ] as const)
    it(`writes ${what}`, () => {
      expect(hex(got)).to.equal(expected);
    });
});
