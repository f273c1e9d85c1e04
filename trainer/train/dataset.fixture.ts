import {
  datasetDigest,
  keys,
  type Sample,
  type Snapshot,
  type Store,
  sha256Of,
  shardEntries,
  tarBytes,
} from '@shelfwise/trainer-contract';
import sharp from 'sharp';
import { createRandom } from '../fit/random.ts';

const kinds = [
  { class: 'cups', words: ['cup', 'tea', 'handle', 'warm'], colour: { r: 200, g: 40, b: 30 } },
  { class: 'shoes', words: ['shoe', 'lace', 'sole', 'walk'], colour: { r: 30, g: 180, b: 60 } },
  { class: 'toys', words: ['bear', 'ball', 'play', 'child'], colour: { r: 40, g: 60, b: 220 } },
];

/** For tests: products of three classes that differ in words and in colour; some lack picture, some description. */
export async function testSamples(count: number): Promise<Sample[]> {
  const random = createRandom(11);
  const samples: Sample[] = [];
  for (let i = 0; i < count; i += 1) {
    const kind = kinds[i % kinds.length] as (typeof kinds)[number];
    const word = () => kind.words[Math.floor(random() * kind.words.length)];
    const shade = () => Math.floor(random() * 40);
    const { r, g, b } = kind.colour;
    const background = { r: r + shade() - 20, g: g + shade() - 20, b: b + shade() - 20 };
    const picture = await sharp({ create: { width: 40, height: 40, channels: 3, background } })
      .png()
      .toBuffer();
    samples.push({
      id: `product-${i}`,
      designation: `${word()} ${word()} ${i}`,
      description: i % 4 === 0 ? null : `a ${word()} to ${word()}`,
      class: kind.class,
      picture: i % 7 === 0 ? null : picture,
    });
  }
  return samples;
}

/** For tests: writes the products as one shard of train, others as one of the holdout, and returns the snapshot that names both. */
export async function writeDataset(
  store: Store,
  samples: Sample[],
  heldOut: Sample[] = [],
): Promise<Snapshot> {
  const shards = {
    train: [await writeShard(store, samples)],
    holdout: heldOut.length > 0 ? [await writeShard(store, heldOut)] : [],
  };
  const of = (products: Sample[], name: string) =>
    products.filter((product) => product.class === name).length;
  const classes = [...new Set([...samples, ...heldOut].map((sample) => sample.class))]
    .sort()
    .map((name) => ({ class: name, train: of(samples, name), holdout: of(heldOut, name) }));
  const products = samples.length + heldOut.length;
  const snapshot: Snapshot = {
    schemaVersion: 1,
    digest: datasetDigest({ classes, shards }),
    products,
    counts: { train: samples.length, holdout: heldOut.length, groups: products, invalid: 0 },
    classes,
    shards,
    members: { digest: sha256Of(''), size: 0 },
    source: { kind: 'rakuten', url: store.url },
    parent: null,
    invalid: [],
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  await store.write(keys.snapshot(snapshot.digest), Buffer.from(JSON.stringify(snapshot)));
  return snapshot;
}

async function writeShard(store: Store, samples: Sample[]) {
  const shard = Buffer.concat(await Array.fromAsync(tarBytes(samples.flatMap(shardEntries))));
  const digest = sha256Of(shard);
  await store.write(keys.shard(digest), shard);
  return { digest, size: shard.byteLength, products: samples.length };
}
