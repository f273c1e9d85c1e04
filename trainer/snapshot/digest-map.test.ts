import { hexOf, sha256Of } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import fc from 'fast-check';
import { createDigestMap } from './digest-map.ts';

const digest = (number: number, bytes = 32) => hexOf(sha256Of(`${number}`)).slice(0, 2 * bytes);

describe('numbers by digest', () => {
  it('are found and replaced as in a Map', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat())), (entries) => {
        const [ours, reference] = [createDigestMap(16), new Map<string, number>()];
        for (const [key, value] of entries) {
          ours.set(digest(key, 16), value);
          reference.set(digest(key, 16), value);
        }
        expect(ours.size).to.equal(reference.size);
        for (let key = 0; key <= 60; key++)
          expect(ours.get(digest(key, 16))).to.equal(reference.get(digest(key, 16)));
      }),
    );
  });

  it('are kept when there are many', () => {
    const ours = createDigestMap(32);
    for (let i = 0; i < 20_000; i++) ours.set(digest(i), i);
    for (let i = 0; i < 20_000; i++) expect(ours.get(digest(i))).to.equal(i);
    expect(ours.get(digest(20_000))).to.equal(undefined);
    expect(ours.size).to.equal(20_000);
  });

  it('tell digests apart that differ only in their last byte', () => {
    const ours = createDigestMap(16);
    const alike = Array.from({ length: 256 }, (_, i) => `${'ab'.repeat(15)}${hex(i)}`);
    alike.forEach((one, i) => {
      ours.set(one, i);
    });
    expect(alike.map((one) => ours.get(one))).to.deep.equal([...alike.keys()]);
  });

  for (const wrong of ['', 'ab', 'zz'.repeat(16), 'ab'.repeat(17)])
    it(`refuse "${wrong}" for a digest of 16 bytes`, () => {
      expect(() => createDigestMap(16).set(wrong, 1)).to.throw(/is no digest of 16 bytes/);
      expect(() => createDigestMap(16).get(wrong)).to.throw(/is no digest of 16 bytes/);
    });
});

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
