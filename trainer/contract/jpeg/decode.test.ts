import { expect } from 'chai';
import fc from 'fast-check';
import sharp from 'sharp';
import { decodePicture, PictureError } from '../picture.ts';

describe('decoder of JPEGs', () => {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
  const create = { width: 70, height: 50, channels: 3 as const, background: 'red', noise };
  let pictures: Buffer[];
  before(async () => {
    pictures = await Promise.all([
      sharp({ create }).jpeg().toBuffer(),
      sharp({ create }).jpeg({ progressive: true }).toBuffer(),
      sharp({ create }).jpeg().withMetadata({ orientation: 8 }).toBuffer(),
    ]);
  });

  const outcome = async (bytes: Uint8Array) => {
    try {
      return await decodePicture(bytes, 16);
    } catch (error) {
      return error;
    }
  };

  it('gives pixels or says why not, whatever was done to a picture', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 8 });
    const which = fc.integer({ min: 0, max: 2 });
    await fc.assert(
      fc.asyncProperty(which, changes, fc.nat({ max: 3 }), fc.nat(), async (i, bytes, cut, at) => {
        const picture = Uint8Array.from(pictures[i] as Buffer);
        for (const [place, value] of bytes) picture[3 + (place % (picture.length - 3))] = value;
        const given = cut === 0 ? picture.subarray(0, 4 + (at % picture.length)) : picture;
        const seen = await outcome(given);
        if (!(seen instanceof PictureError)) expect(seen).to.have.length(16 * 16 * 3);
      }),
      { numRuns: 500 },
    );
  });

  it('holds no more memory after thousands of pictures, whole and damaged', async () => {
    const half = (pictures[0] as Buffer).subarray(0, 900);
    const many = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await decodePicture(pictures[i % 3] as Buffer, 128);
        await outcome(half);
      }
    };
    await many(500);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    await many(3_000);
    globalThis.gc?.();
    // A call that kept its 40 KB would be 120 MB by now.
    expect(process.memoryUsage().rss - before).to.be.below(60 * 2 ** 20);
  });
});
