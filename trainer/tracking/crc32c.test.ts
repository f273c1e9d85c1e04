import { expect } from 'chai';
import { crc32c, maskedCrc32c } from './crc32c.ts';

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the check value of the polynomial's catalogue.
  const known: [name: string, bytes: Uint8Array, crc: number][] = [
    ['nothing', new Uint8Array(), 0],
    ['the digits', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ];
  for (const [name, bytes, crc] of known)
    it(`is the known one of ${name}`, () => expect(crc32c(bytes)).to.equal(crc));

  it('is rotated and moved on where it is stored', () => {
    const crc = 0xe3069283;
    const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
    expect(maskedCrc32c(Buffer.from('123456789'))).to.equal((rotated + 0xa282ead8) % 2 ** 32);
  });
});
