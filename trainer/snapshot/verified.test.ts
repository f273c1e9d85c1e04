import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canonicalJson,
  hexOf,
  keys,
  readMembers,
  type Snapshot,
  sha256Of,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { folderForEach } from '../folder.fixture.ts';
import { snapshotsIn, testProducts } from './fixture.ts';
import { makeOld } from './old-parent.fixture.ts';

describe('pictures that the parent had verified', () => {
  const folder = folderForEach();
  const { store } = folder;
  const { take } = snapshotsIn(folder);
  const path = (key: string) => join(folder.path, 'store', key);

  /** Half a picture, whose head is whole: a snapshot that decodes it leaves it out. */
  async function broken(): Promise<Buffer> {
    const noise = { type: 'gaussian', mean: 120, sigma: 60 } as const;
    const picture = sharp({
      create: { width: 64, height: 64, channels: 3, background: 'red', noise },
    });
    const bytes = await picture.png().toBuffer();
    return bytes.subarray(0, bytes.length / 2);
  }

  /** Writes into the parent that this picture had been read to its end, by `probe` or by what reads them now. */
  async function claimVerified(parent: Snapshot, picture: Buffer, probe?: string): Promise<void> {
    const members = await readMembers(store(), parent);
    if (!members.pictures) throw new Error('The parent tells no pictures.');
    members.pictures.verified.push(hexOf(sha256Of(picture)));
    members.pictures.probe = probe ?? members.pictures.probe;
    const text = canonicalJson(members);
    await writeFile(path(keys.members(parent.digest)), text);
    const file = path(keys.snapshot(parent.digest));
    const snapshot = JSON.parse(await readFile(file, 'utf8'));
    snapshot.members = { digest: sha256Of(text), size: Buffer.byteLength(text) };
    await writeFile(file, JSON.stringify(snapshot));
  }

  const cases: [string, (parent: Snapshot, picture: Buffer) => Promise<void>, invalid: number][] = [
    ['are not decoded again', (parent, picture) => claimVerified(parent, picture), 0],
    [
      'are decoded again when what reads them is another',
      (parent, picture) => claimVerified(parent, picture, 'libvips 1.0'),
      1,
    ],
    ['are decoded when the parent does not name them', async () => undefined, 1],
    [
      'are decoded when the parent is from before they were named',
      (parent) => makeOld(path(keys.members(parent.digest)), path(keys.snapshot(parent.digest))),
      1,
    ],
  ];
  for (const [name, prepare, invalid] of cases)
    it(name, async () => {
      const products = await testProducts();
      const parent = await take(products);
      const picture = await broken();
      await prepare(parent, picture);
      const snapshot = await take([...products, { id: '7', picture }], parent);
      expect(snapshot.counts.invalid).to.equal(invalid);
      expect(snapshot.products).to.equal(21 - invalid);
    });

  it('are handed on from snapshot to snapshot; those that are gone are not', async () => {
    const products = await testProducts(12);
    const first = await take(products);
    const second = await take(products.slice(0, 8), first);
    const verified = async (snapshot: Snapshot) =>
      (await readMembers(store(), snapshot)).pictures?.verified;
    const digests = products.map(({ picture }) => hexOf(sha256Of(picture as Buffer)));
    expect(await verified(first)).to.deep.equal(digests.toSorted());
    expect(await verified(second)).to.deep.equal(digests.slice(0, 8).sort());
  });

  it('make no other dataset than decoding all of them does', async () => {
    const products = await testProducts(30);
    const parent = await take(products.slice(0, 25));
    const skipped = await take(products, parent);
    await makeOld(path(keys.members(parent.digest)), path(keys.snapshot(parent.digest)));
    const decoded = await take(products, parent);
    expect(skipped.digest).to.equal(decoded.digest);
    expect(skipped.digest).not.to.equal(parent.digest);
  });
});
